//! What Rust's start-up would do to the standard descriptors, and no more.

/// A caller that has gone is an error of `write`, not a silent death. And where stdin, stdout or stderr is closed, /dev/null
/// takes its number: a file of ours must not.
pub fn prepare() {
    let mut standard = [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0, revents: 0 });
    // SAFETY: three pollfds, alive until the call returns; ignoring a signal touches no memory.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        libc::poll(standard.as_mut_ptr(), 3, 0);
    }
    for _ in standard.iter().filter(|descriptor| descriptor.revents & libc::POLLNVAL != 0) {
        // SAFETY: a literal; the lowest free number is taken.
        unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) };
    }
}
