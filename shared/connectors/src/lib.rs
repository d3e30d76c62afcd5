//! One folder per outside system: translates between its wire format and the domain.
