//! Memory that the allocator keeps for the next need. It gives it back when
//! there is work to do, so after a load it would keep it: 19 MiB for each
//! password that was checked at once, and what request bodies took.

use std::time::Duration;

use actix_web::rt;

const PAUSE: Duration = Duration::from_secs(10);

/// Gives free memory back to the system until the system of this thread stops:
/// that of the whole process, and what is kept for this thread.
pub fn give_back() {
    rt::spawn(async {
        loop {
            rt::time::sleep(PAUSE).await;
            collect();
        }
    });
}

fn collect() {
    #[expect(unsafe_code, reason = "the allocator has no safe face for this")]
    // SAFETY: it may be called at any time on any thread, and frees nothing that
    // is in use. Where another allocator is in use, it finds nothing to do.
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
