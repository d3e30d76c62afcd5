//! Collections of legacy REST: filter, sort and pages.

use super::quirks::Quirk;
use super::{Agreement, LEGACY, error, filter};
use crate::http::{Request, Response, encode};
use crate::json::Json;
use crate::object;
use std::borrow::Cow;

/// The most items on a page.
const MAX_PAGE: usize = 1000;
/// Items on a page when the request does not say.
const DEFAULT_PAGE: usize = 20;

/// Fields of customers that can be filtered, `pNumber` apart.
pub(super) const CUSTOMER_FIELDS: &[&str] = &[
    "address",
    "balance",
    "barred",
    "city",
    "corporateIdentificationNumber",
    "country",
    "creditLimit",
    "currency",
    "customerNumber",
    "ean",
    "email",
    "lastUpdated",
    "name",
    "publicEntryNumber",
    "telephoneAndFaxNumber",
    "mobilePhone",
    "vatNumber",
    "website",
    "zip",
    "customerGroup.customerGroupNumber",
];

/// Fields of products that can be filtered, `inventory` apart.
pub(super) const PRODUCT_FIELDS: &[&str] = &[
    "productNumber",
    "description",
    "name",
    "costPrice",
    "recommendedPrice",
    "salesPrice",
    "barCode",
    "barred",
    "lastUpdated",
    "unit.unitNumber",
    "productGroup.productGroupNumber",
    "departmentalDistribution.departmentalDistributionNumber",
];

/// Fields of all documents that can be filtered; the number's own field comes in front.
pub(super) const DOCUMENT_FIELDS: &[&str] = &[
    "date",
    "currency",
    "exchangeRate",
    "paymentTerms.paymentTermsNumber",
    "customer.customerNumber",
    "recipient.name",
    "recipient.address",
    "recipient.zip",
    "recipient.city",
    "recipient.country",
    "recipient.ean",
    "recipient.publicEntryNumber",
    "deliveryLocation.deliveryLocationNumber",
    "delivery.address",
    "delivery.zip",
    "delivery.city",
    "delivery.country",
    "delivery.deliveryTerms",
    "delivery.deliveryDate",
    "notes.heading",
    "notes.textLine1",
    "notes.textLine2",
    "references.customerContact.customer.customerNumber",
    "references.salesPerson.employeeNumber",
    "references.vendorReference.employeeNumber",
    "references.other",
];

impl Agreement {
    /// Answers a collection from its items. Whether an item may be seen by a filter is the caller's to say.
    pub(super) fn collection<'a>(
        &self,
        request: &Request,
        items: impl Iterator<Item = (Cow<'a, Json>, bool)>,
        allowed: &[&str],
    ) -> Response {
        self.collection_shown(request, items, allowed, |item| item)
    }

    /// The same, with the items of the page shown in another way than they are searched and sorted.
    pub(super) fn collection_shown<'a>(
        &self,
        request: &Request,
        items: impl Iterator<Item = (Cow<'a, Json>, bool)>,
        allowed: &[&str],
        show: impl Fn(Json) -> Json,
    ) -> Response {
        let (page, size) = match self.page(request) {
            Ok(page) => page,
            Err(refusal) => return refusal,
        };
        let filter = match request.parameter("filter").filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => match filter::parse(&text, allowed, &self.quirks) {
                Ok(filter) => Some(filter),
                Err(refusal) => return refuse(refusal, allowed),
            },
        };
        let mut total = 0;
        let mut found: Vec<Cow<'a, Json>> = Vec::new();
        for (item, searchable) in items {
            total += 1;
            if filter.as_ref().is_none_or(|filter| searchable && filter.matches(&item)) {
                found.push(item);
            }
        }
        if let Some(sort) = request.parameter("sort") {
            sort_items(&mut found, &sort);
        }
        if page > 0 && page * size >= found.len() && !self.quirks.has(Quirk::PastTheEndIsEmpty) {
            return error::not_found();
        }
        self.answer_page(request, found, (total, page, size), show)
    }

    fn page(&self, request: &Request) -> Result<(usize, usize), Response> {
        let number = |name: &str, default: usize| match request.parameter(name) {
            None => Ok(default),
            Some(text) => text.parse::<usize>().map_err(|_| {
                error::plain(400, Some(error::TYPE_MISMATCH), &format!("{name} must be a whole number."))
            }),
        };
        let page = number("skippages", 0)?;
        let size = number("pagesize", DEFAULT_PAGE)?;
        if size == 0 || (size > MAX_PAGE && self.quirks.has(Quirk::PageSizeLimit)) {
            return Err(error::plain(400, Some(error::PAGE_SIZE), "pagesize must be from 1 to 1000."));
        }
        Ok((page.min(1_000_000), size.min(MAX_PAGE)))
    }

    fn answer_page(
        &self,
        request: &Request,
        found: Vec<Cow<'_, Json>>,
        (total, page, size): (usize, usize, usize),
        show: impl Fn(Json) -> Json,
    ) -> Response {
        let path = request.path.trim_start_matches("/economic/rest");
        let query =
            request.parameter("filter").map(|text| format!("filter={}&", encode(&text))).unwrap_or_default();
        let link = |number: usize| format!("{LEGACY}{path}?{query}skippages={number}&pagesize={size}");
        let results = found.len();
        let last = results.saturating_sub(1) / size;
        let mut pagination = object! {
            "maxPageSizeAllowed": MAX_PAGE,
            "skipPages": page,
            "pageSize": size,
            "results": results,
            "resultsWithoutFilter": total,
            "firstPage": link(0),
        };
        if page < last {
            pagination.set("nextPage", link(page + 1));
        }
        if page > 0 {
            pagination.set("previousPage", link(page - 1));
        }
        pagination.set("lastPage", link(last));
        let chosen = found.into_iter().skip(page * size).take(size);
        let items = chosen.map(|item| self.without_lines(show(item.into_owned())));
        let body = object! {
            "collection": items.collect::<Vec<Json>>(),
            "pagination": pagination,
            "self": link(page),
        };
        Response::json(200, &body)
    }

    fn without_lines(&self, mut item: Json) -> Json {
        if self.quirks.has(Quirk::CollectionsOmitLines) {
            item.remove("lines");
        }
        item
    }
}

/// The answer to a filter that could not be read.
pub(super) fn refuse(refusal: filter::FilterError, allowed: &[&str]) -> Response {
    match refusal {
        filter::FilterError::Field(field) => error::bad_filter_field(&field, allowed),
        filter::FilterError::Syntax(what) => {
            error::plain(400, Some(error::UNLISTED), &format!("Bad filter: {what}."))
        }
    }
}

/// Sorts by comma-separated fields; `-` in front of one turns it round. Fields that no item has leave the order alone.
pub(super) fn sort_items(items: &mut [Cow<'_, Json>], sort: &str) {
    let fields: Vec<(&str, bool)> = sort
        .split(',')
        .map(|field| {
            field.strip_prefix('-').map_or((field.trim_start_matches('~'), false), |field| (field, true))
        })
        .collect();
    items.sort_by(|first, second| {
        fields.iter().fold(std::cmp::Ordering::Equal, |order, (field, descending)| {
            order.then_with(|| {
                let order = compare(first.path(field), second.path(field));
                if *descending { order.reverse() } else { order }
            })
        })
    });
}

fn compare(first: Option<&Json>, second: Option<&Json>) -> std::cmp::Ordering {
    let number = |value: Option<&Json>| value.and_then(Json::as_decimal);
    match (number(first), number(second)) {
        (Some(first), Some(second)) => first.cmp(&second),
        _ => first.and_then(Json::as_text).cmp(&second.and_then(Json::as_text)),
    }
}
