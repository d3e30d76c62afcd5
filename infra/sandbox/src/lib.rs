//! Stand-ins for the outside systems, with their quirks and with fault injection.
