//! What the test binaries share: the reference contracts and their absence, spoken loudly.
