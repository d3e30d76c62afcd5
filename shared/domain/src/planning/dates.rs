//! The day a document is dated: from the order, in the merchant's time zone, in an open period.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{PlanInput, Stop, hold};
use crate::catalogue::Period;
use crate::settings::{DateBasis, LockedPeriod};

/// The day chosen, and the day it was moved from.
pub(super) struct Chosen {
    pub(super) day: Date,
    pub(super) moved_from: Option<Date>,
}

/// The merchant's day of a moment.
pub(super) fn local_day(input: &PlanInput<'_>, moment: Timestamp) -> Date {
    input.time_zone.to_datetime(moment).date()
}

/// Chooses the document's day.
///
/// # Errors
/// Holds when the day lies in a closed period and may not be moved, or when no open day follows.
pub(super) fn choose(input: &PlanInput<'_>) -> Result<Chosen, Stop> {
    let settings = &input.settings.document.date;
    let order = input.order;
    let wanted = match settings.basis {
        DateBasis::Order => local_day(input, order.created_at),
        DateBasis::Paid => local_day(input, order.paid_at.unwrap_or(order.created_at)),
        DateBasis::Shipped => local_day(input, order.shipped_at.unwrap_or(order.created_at)),
        DateBasis::Today => input.today,
    };
    choose_day(input, wanted)
}

/// The day wanted, if it is open, or the day it is moved to.
///
/// # Errors
/// As [`choose`].
pub(super) fn choose_day(input: &PlanInput<'_>, wanted: Date) -> Result<Chosen, Stop> {
    let settings = &input.settings.document.date;
    let periods = &input.catalogue.master.periods;
    if is_open(periods, wanted) {
        return Ok(Chosen { day: wanted, moved_from: None });
    }
    if settings.locked_period == LockedPeriod::Hold {
        return Err(Stop::Hold(hold("period-closed").with("date", wanted)));
    }
    match first_open_day(periods, wanted) {
        Some(day) => Ok(Chosen { day, moved_from: Some(wanted) }),
        None => Err(Stop::Hold(hold("no-open-period").with("date", wanted))),
    }
}

/// A day is open when some year or period holds it and none that holds it is closed. An agreement that tells of no periods
/// closes none.
fn is_open(periods: &[Period], day: Date) -> bool {
    let mut holding = periods.iter().filter(|period| period.from <= day && day <= period.to).peekable();
    periods.is_empty() || (holding.peek().is_some() && holding.all(|period| !period.closed))
}

/// The first open day is the first day of a period, or the day after one.
fn first_open_day(periods: &[Period], after: Date) -> Option<Date> {
    let edges = periods.iter().flat_map(|period| [Some(period.from), period.to.tomorrow().ok()]);
    edges.flatten().filter(|day| *day > after && is_open(periods, *day)).min()
}
