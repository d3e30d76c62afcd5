//! From a merchant's layout to the profile that reads the advice.

use domain::settlement::{FeeKind, Kind, SettlementMode};

use super::wire::{Layout, RECORDS};
use crate::profile::{FeeSign, Form, Mark, Profile, Record, Role, Sign};

/// The profile of a layout.
pub fn profile(layout: &Layout) -> Profile {
    let records = RECORDS.iter().map(|(number, role, kind)| {
        let fields = layout.fields.get(*number);
        let places = fields.into_iter().flatten().map(|(what, place)| (*what, format!("#{place}")));
        Record {
            mark: Some(Mark { column: 1, value: (*number).to_owned() }),
            role: if fields.is_some() { *role } else { Role::Ignored },
            header: false,
            columns: places.collect(),
            sign: if layout.unsigned { Sign::ByKind } else { Sign::Written },
            fee_sign: FeeSign::Subtracted,
            kinds: layout.kinds.clone(),
            kind: kind.or(Some(Kind::Sale).filter(|_| *number == "110" && layout.kinds.is_empty())),
            fee_kind: FeeKind::Commission,
        }
    });
    Profile {
        acquirer: super::MANIFEST.system.to_owned(),
        form: Form::Delimited,
        encoding: layout.encoding.clone(),
        delimiter: layout.delimiter,
        quotes: true,
        decimal: layout.decimal,
        thousands: None,
        last_line_ends: true,
        dates: layout.dates.clone(),
        sheet: None,
        skip_rows: 0,
        currency: Some(layout.currency),
        mode: if layout.gross_payouts { SettlementMode::Gross } else { SettlementMode::Net },
        records: records.collect(),
    }
}
