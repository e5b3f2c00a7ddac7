//! Returns free memory to the system. The allocator does that only while it is used, so
//! after a peak it would keep 19 MiB for each concurrent password check and the memory
//! of request bodies.

use std::time::Duration;

use actix_web::rt;

const PAUSE: Duration = Duration::from_secs(10);

/// Periodically returns the free memory of the process and of this thread, until the
/// actix system of this thread stops.
pub fn release_free_memory() {
    rt::spawn(async {
        loop {
            rt::time::sleep(PAUSE).await;
            collect();
        }
    });
}

fn collect() {
    #[expect(unsafe_code, reason = "the allocator has no safe API for this")]
    // SAFETY: can be called at any time on any thread, and frees only unused memory. It
    // has no effect if another allocator is in use.
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
