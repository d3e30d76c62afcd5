//! On schedule: what happened and what needs the merchant, by mail.
