//! ioctl(2) for the tun device alone. Anything else is refused here, whatever the program asks.
use super::{
    failure::{Answer, check},
    values::{Fd, bytes},
};
use rquickjs::{Ctx, Exception, FromJs, Result, TypedArray, Value};
use rustix::{fd::AsRawFd, io::Errno};

/// sizeof(struct ifreq), which the kernel reads and writes whole.
const IFREQ_BYTES: usize = 40;

// linux/if_tun.h; the same numbers as ../../../tun/constants.ts.
const TUNSETPERSIST: u64 = 0x4004_54cb;
const TUNSETOWNER: u64 = 0x4004_54cc;
const TUNSETGROUP: u64 = 0x4004_54ce;
const TUNSETIFF: u64 = 0x4004_54ca;
const TUNGETIFF: u64 = 0x8004_54d2;
const TUNGETFEATURES: u64 = 0x8004_54cf;

/// sizeof(unsigned int), which TUNGETFEATURES writes.
const FEATURES_BYTES: usize = 4;

pub fn ioctl<'js>(ctx: Ctx<'js>, fd: Fd, request: f64, argument: Value<'js>) -> Result<Answer<i32>> {
    let raw = fd.0.as_raw_fd();
    let request = request as u64;
    let returned = match request {
        TUNSETPERSIST | TUNSETOWNER | TUNSETGROUP => {
            let number = f64::from_js(&ctx, argument)?;
            if number.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&number) {
                return Err(Exception::throw_range(&ctx, "not an unsigned 32-bit number"));
            }
            // SAFETY: these requests take their argument by value.
            unsafe { libc::ioctl(raw, request as _, number as libc::c_ulong) }
        }
        TUNSETIFF | TUNGETIFF => {
            let mut array = TypedArray::<u8>::from_value(argument)?;
            let ifreq = bytes(&ctx, &mut array)?;
            if ifreq.len() < IFREQ_BYTES {
                return Err(Exception::throw_range(&ctx, "struct ifreq has 40 bytes"));
            }
            // SAFETY: the kernel touches sizeof(struct ifreq) bytes, which the slice has.
            unsafe { libc::ioctl(raw, request as _, ifreq.as_mut_ptr()) }
        }
        TUNGETFEATURES => {
            let mut array = TypedArray::<u8>::from_value(argument)?;
            let features = bytes(&ctx, &mut array)?;
            if features.len() < FEATURES_BYTES {
                return Err(Exception::throw_range(&ctx, "an unsigned int has 4 bytes"));
            }
            // SAFETY: the kernel writes an unsigned int, for which the slice has room; put_user() needs no alignment.
            unsafe { libc::ioctl(raw, request as _, features.as_mut_ptr()) }
        }
        _ => return Ok(Err(Errno::PERM).into()),
    };
    Ok(check(returned).into())
}
