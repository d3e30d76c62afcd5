//! One record, borrowed from the reader.

/// A record: where in a text its fields end.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub(crate) text: &'a str,
    /// Where the first field begins.
    pub(crate) begin: u32,
    pub(crate) ends: &'a [u32],
    /// Bytes between a field and the next.
    pub(crate) gap: u32,
    pub(crate) line: u64,
}

impl<'a> Record<'a> {
    /// The line that it begins in; the first is 1.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Number of fields, never 0.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// True without fields.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The field of that number, counted from zero.
    pub fn get(&self, number: usize) -> Option<&'a str> {
        let end = *self.ends.get(number)?;
        let begin = number.checked_sub(1).map_or(self.begin, |before| self.ends[before] + self.gap);
        Some(within(self.text, begin, end))
    }

    /// All fields.
    pub fn iter(&self) -> Fields<'a> {
        Fields { text: self.text, begin: self.begin, ends: self.ends.iter(), gap: self.gap }
    }
}

impl<'a> IntoIterator for &Record<'a> {
    type Item = &'a str;
    type IntoIter = Fields<'a>;

    fn into_iter(self) -> Fields<'a> {
        self.iter()
    }
}

/// The fields of a record, in their order.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    text: &'a str,
    begin: u32,
    ends: std::slice::Iter<'a, u32>,
    gap: u32,
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let end = *self.ends.next()?;
        let begin = std::mem::replace(&mut self.begin, end + self.gap);
        Some(within(self.text, begin, end))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ends.size_hint()
    }
}

impl ExactSizeIterator for Fields<'_> {}

/// A record that is put together, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assembled {
    text: String,
    ends: Vec<u32>,
}

impl Assembled {
    /// Takes all fields away.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Number of fields.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// True without fields.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a field.
    pub fn push(&mut self, field: &str) {
        self.extend(field);
        self.end_field();
    }

    /// Adds to the field that is not ended.
    pub(crate) fn extend(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(crate) fn end_field(&mut self) {
        // Records are far smaller than four gigabytes.
        self.ends.push(self.text.len() as u32);
    }

    /// The record, which begins in that line.
    pub fn record(&self, line: u64) -> Record<'_> {
        Record { text: &self.text, begin: 0, ends: &self.ends, gap: 0, line }
    }
}

impl<'a> FromIterator<&'a str> for Assembled {
    fn from_iter<T: IntoIterator<Item = &'a str>>(fields: T) -> Assembled {
        let mut assembled = Assembled::default();
        fields.into_iter().for_each(|field| assembled.push(field));
        assembled
    }
}

fn within(text: &str, begin: u32, end: u32) -> &str {
    // Fields begin and end beside marks, which are whole characters.
    text.get(begin as usize..end as usize).unwrap_or_default()
}
