//! What an input may take of memory. The fuzzer looks at the whole process once a second and kills it at its limit; here each
//! input answers for itself, by the most that the process ever had.

/// What one input may raise the peak by, in kilobytes: far more than any window, record or table of strings of so small an input.
const MOST: u64 = 64 * 1024;

/// The most memory that the process ever had, in kilobytes, as Linux counts it; 0 where it is not Linux.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse().unwrap_or_default()
}

/// Does the work, and panics where it took more than any input may.
pub(crate) fn bounded(work: impl FnOnce()) {
    let before = peak();
    work();
    // The kernel adds what each thread has only now and then: a later reading may be a few pages below an earlier one.
    let taken = peak().saturating_sub(before);
    assert!(taken <= MOST, "one input took {taken} kB");
}
