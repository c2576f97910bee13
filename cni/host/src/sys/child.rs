//! From fork(2) to execve(2). The new process shares nothing that could be locked, allocated or dropped: plain system calls only.
use super::failure::check;
use rustix::{
    fd::{AsRawFd, OwnedFd},
    io::Errno,
    pipe::{PipeFlags, pipe_with},
};
use std::ffi::CStr;

/// linux/magic.h
const PROC_SUPER_MAGIC: u64 = 0x9fa0;
/// Of this thread alone, and of procfs: another file mounted over it would swallow the label.
const EXEC_LABEL: &CStr = c"/proc/thread-self/attr/exec";

/// What to start; prepared before the fork.
pub struct Launch<'a> {
    pub path: &'a CStr,
    pub argv: &'a [*const libc::c_char],
    pub environment: &'a [*const libc::c_char],
    pub inherited: Option<i32>,
    pub label: Option<&'a [u8]>,
}

/// Why there is no program: the call that failed.
pub struct Refusal {
    pub call: &'static str,
    pub errno: Errno,
}

/// The calls of the new process, by the number with which it names them.
const CALLS: [&str; 4] = ["dup2", "fcntl", "setexeccon", "execve"];
const DUP2: u8 = 0;
const FCNTL: u8 = 1;
const SETEXECCON: u8 = 2;
const EXECVE: u8 = 3;

/// A program that runs. Every one is waited for.
pub struct Child(libc::pid_t);

impl Child {
    pub fn kill(&self) {
        // SAFETY: a child that nobody has waited for yet: the number is still its own.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }

    /// Exit status, or 128 + signal.
    pub fn wait(self) -> i32 {
        let mut status = 0;
        // SAFETY: `status` lives until the call returns.
        while let Err(Errno::INTR) = check(unsafe { libc::waitpid(self.0, &mut status, 0) }) {}
        if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) }
    }
}

/// Starts the program with these for stdin and stdout; returns when it runs, or says why it does not.
pub fn start(launch: &Launch, stdin: OwnedFd, stdout: OwnedFd) -> Result<Child, Refusal> {
    let (report_read, report_write) =
        pipe_with(PipeFlags::CLOEXEC).map_err(|errno| Refusal { call: "pipe2", errno })?;
    // SAFETY: one thread; the new process makes system calls and nothing else, then it is another program or ends.
    // A caller that ignores SIGCHLD hands that down, and then nobody could be waited for.
    let pid = check(unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        libc::fork()
    })
    .map_err(|errno| Refusal { call: "fork", errno })?;
    if pid == 0 {
        // SAFETY: this is the new process. The descriptors are open, the pointers were made before the fork.
        unsafe {
            let (call, errno) = become_program(launch, stdin.as_raw_fd(), stdout.as_raw_fd());
            let mut report = [call, 0, 0, 0, 0];
            report[1..].copy_from_slice(&errno.to_ne_bytes());
            libc::write(report_write.as_raw_fd(), report.as_ptr().cast(), report.len());
            libc::_exit(127)
        }
    }
    drop(report_write);
    let child = Child(pid);
    let mut report = [0u8; 5];
    let length = loop {
        match rustix::io::read(&report_read, &mut report) {
            Err(Errno::INTR) => {}
            read => break read.unwrap_or(0),
        }
    };
    // Closed by execve(2), or by a death.
    if length < report.len() {
        return Ok(child);
    }
    child.wait();
    let [call, errno @ ..] = report;
    let errno = Errno::from_raw_os_error(i32::from_ne_bytes(errno));
    Err(Refusal { call: CALLS[usize::from(call) % CALLS.len()], errno })
}

/// Returns only when a call failed: which, and its errno.
unsafe fn become_program(launch: &Launch, stdin: i32, stdout: i32) -> (u8, i32) {
    // SAFETY: as the caller promises.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        if libc::dup2(stdin, 0) < 0 || libc::dup2(stdout, 1) < 0 {
            return (DUP2, *libc::__errno_location());
        }
        // Ours are closed anyway; this is for what our caller forgot. Kernels before 5.11 do not know it.
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
        if launch.inherited.is_some_and(|fd| libc::fcntl(fd, libc::F_SETFD, 0) < 0) {
            return (FCNTL, *libc::__errno_location());
        }
        if let Some(errno) = launch.label.and_then(|label| write_label(label)) {
            return (SETEXECCON, errno);
        }
        libc::execve(launch.path.as_ptr(), launch.argv.as_ptr(), launch.environment.as_ptr());
        (EXECVE, *libc::__errno_location())
    }
}

/// The errno where the label cannot be set.
unsafe fn write_label(label: &[u8]) -> Option<i32> {
    // SAFETY: plain calls; the buffers live until they return. The descriptor goes with execve(2) or with the process.
    unsafe {
        let file = libc::open(EXEC_LABEL.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        let mut filesystem = std::mem::MaybeUninit::<libc::statfs>::uninit();
        if file < 0 || libc::fstatfs(file, filesystem.as_mut_ptr()) < 0 {
            return Some(*libc::__errno_location());
        }
        if filesystem.assume_init_ref().f_type as u64 != PROC_SUPER_MAGIC {
            return Some(libc::EXDEV);
        }
        let written = libc::write(file, label.as_ptr().cast(), label.len());
        if written < 0 { Some(*libc::__errno_location()) } else { None }
    }
}
