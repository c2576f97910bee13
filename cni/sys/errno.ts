// Names of Linux' error numbers (asm-generic/errno-base.h and errno.h; the same on x86-64 and arm64).
// One string, walked when needed: a table would be paid for by every start, a split by every absent file.

const numbered =
  "0 EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST " +
  "EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE " +
  "EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP 41 ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH " +
  "ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT 58 EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE " +
  "ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD " +
  "ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT " +
  "EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH " +
  "ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN " +
  "EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE " +
  "ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON";

/** `EBUSY` for 16; `errno 524` for a number without a name. */
export function errnoName(errno: number): string {
  let start = 0;
  for (let passed = 0; passed < errno && start < numbered.length; passed++) {
    const space = numbered.indexOf(" ", start);
    start = space < 0 ? numbered.length : space + 1;
  }
  if (numbered[start] !== "E") return `errno ${errno}`;
  const end = numbered.indexOf(" ", start);
  return numbered.slice(start, end < 0 ? undefined : end);
}

/** 16 for `EBUSY`. @throws RangeError for a name that Linux does not have. */
export function errnoNumber(code: string): number {
  const errno = code.startsWith("E") ? numbered.split(" ").indexOf(code) : -1;
  if (errno < 0) throw new RangeError(`cannot number the error "${code}": no such name`);
  return errno;
}
