//! Each minute: what is due again, sweeps, nightly comparison.
