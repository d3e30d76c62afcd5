//! One record, borrowed from the reader.

/// A record: the places of its fields in a text.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub(crate) text: &'a str,
    pub(crate) places: &'a [(u32, u32)],
    pub(crate) line: u64,
}

impl<'a> Record<'a> {
    /// The line that it begins in; the first is 1.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Number of fields, never 0.
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    /// True without fields.
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The field of that number, counted from zero.
    pub fn get(&self, number: usize) -> Option<&'a str> {
        self.places.get(number).map(|place| within(self.text, *place))
    }

    /// All fields.
    pub fn iter(&self) -> Fields<'a> {
        Fields { text: self.text, places: self.places.iter() }
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
    places: std::slice::Iter<'a, (u32, u32)>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.places.next().map(|place| within(self.text, *place))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl ExactSizeIterator for Fields<'_> {}

/// A record that is put together, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assembled {
    text: String,
    places: Vec<(u32, u32)>,
}

impl Assembled {
    /// Takes all fields away.
    pub fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
    }

    /// Number of fields.
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    /// True without fields.
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
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
        let begin = self.places.last().map_or(0, |(_, end)| *end);
        // Records are far smaller than four gigabytes.
        self.places.push((begin, self.text.len() as u32));
    }

    /// The record, which begins in that line.
    pub fn record(&self, line: u64) -> Record<'_> {
        Record { text: &self.text, places: &self.places, line }
    }
}

impl<'a> FromIterator<&'a str> for Assembled {
    fn from_iter<T: IntoIterator<Item = &'a str>>(fields: T) -> Assembled {
        let mut assembled = Assembled::default();
        fields.into_iter().for_each(|field| assembled.push(field));
        assembled
    }
}

fn within(text: &str, (from, to): (u32, u32)) -> &str {
    // Fields begin and end beside marks, which are whole characters.
    text.get(from as usize..to as usize).unwrap_or_default()
}
