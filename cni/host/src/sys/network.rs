//! Sockets, poll(2) and setns(2).
use super::{
    failure::{Answer, check},
    values::{Fd, Text, bytes},
};
use rquickjs::{Ctx, Result, TypedArray};
use rustix::{
    fd::{AsRawFd, IntoRawFd},
    net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType},
};

pub fn setns(fd: Fd, nstype: i32) -> Answer<()> {
    // SAFETY: plain numbers; the process has one thread.
    check(unsafe { libc::setns(fd.0.as_raw_fd(), nstype) }).map(|_| ()).into()
}

pub fn socket(domain: u16, kind: u32, protocol: u32) -> Answer<i32> {
    let protocol = std::num::NonZeroU32::new(protocol).map(net::Protocol::from_raw);
    let domain = AddressFamily::from_raw(domain);
    let opened = net::socket_with(domain, SocketType::from_raw(kind), SocketFlags::CLOEXEC, protocol);
    opened.map(IntoRawFd::into_raw_fd).into()
}

/// Asks for extended acknowledgements too, so that an error can say why (linux/netlink.h, NETLINK_EXT_ACK).
pub fn bind_netlink(fd: Fd, groups: u32) -> Answer<()> {
    let on: libc::c_int = 1;
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option's value lives until the call returns. An old kernel that lacks it only says less.
    unsafe {
        libc::setsockopt(
            fd.0.as_raw_fd(),
            libc::SOL_NETLINK,
            libc::NETLINK_EXT_ACK,
            (&raw const on).cast(),
            length,
        )
    };
    net::bind(fd.0, &net::netlink::SocketAddrNetlink::new(0, groups)).into()
}

pub fn connect_unix(fd: Fd, path: Text) -> Answer<()> {
    net::SocketAddrUnix::new(path.0).and_then(|address| net::connect(fd.0, &address)).into()
}

pub fn send<'js>(ctx: Ctx<'js>, fd: Fd, mut data: TypedArray<'js, u8>) -> Result<Answer<usize>> {
    Ok(net::send(fd.0, bytes(&ctx, &mut data)?, SendFlags::NOSIGNAL).into())
}

pub fn receive<'js>(ctx: Ctx<'js>, fd: Fd, mut buffer: TypedArray<'js, u8>) -> Result<Answer<usize>> {
    let received = net::recv(fd.0, bytes(&ctx, &mut buffer)?, RecvFlags::empty());
    Ok(received.map(|(length, _)| length).into())
}

pub fn poll(fd: Fd, events: i16, timeout_ms: i32) -> Answer<i16> {
    let mut request = libc::pollfd { fd: fd.0.as_raw_fd(), events, revents: 0 };
    // SAFETY: one pollfd, alive until the call returns.
    check(unsafe { libc::poll(&mut request, 1, timeout_ms) }).map(|_| request.revents).into()
}
