//! Files to traces.

use super::columns::{FieldMistake, Layout};
use super::instant::Clock;
use super::place::{is_unclosed, lines, place};
use super::row::{Row, text_of};
use super::{
    Attribute, Columns, Mistakes, Names, Outcome, Reading, Sidecar, Strictness, Trace, TraceCode,
    TraceError, TraceMistake,
};
use csv::ByteRecord;
use std::io::Read;
use std::path::Path;

impl Trace {
    /// The largest file that is read, after unpacking: 2 GiB.
    pub const BYTES_MAX: u64 = 1 << 31;

    /// Reads `path`, unpacked if its name ends in `.gz`, with the sidecar `trace.json` beside it if
    /// there is one that is about this file.
    ///
    /// # Errors
    ///
    /// [`TraceError`] if a file cannot be read or has mistakes; in lenient reading, only if the
    /// header has.
    pub fn open(path: impl AsRef<Path>, reading: &Reading) -> Result<Self, TraceError> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let sidecar = beside(path)?.filter(|sidecar| sidecar.is_about(&name)).unwrap_or_default();
        let text = unpacked(path)?;
        Ok(Self::parse(&path.to_string_lossy(), &text, &sidecar, reading)?)
    }

    /// Reads a trace from memory. `file` is the name that mistakes are reported under.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], never empty; in lenient reading, only if the header has some.
    ///
    /// # Example
    ///
    /// ```
    /// use qiangdan_sim::trace::{Outcome, Reading, Sidecar, Trace};
    ///
    /// let text = b"order_id,service,arrived_at\nA1,passport,2025-03-03T09:00:00+08:00\n";
    /// let trace = Trace::parse("a.csv", text, &Sidecar::default(), &Reading::default())?;
    /// let order = &trace.orders[0];
    /// assert_eq!((trace.id(order), order.outcome), ("A1", Outcome::Open));
    /// assert_eq!(order.arrived_ms, 1_740_963_600_000);
    /// # Ok::<(), qiangdan_sim::trace::Mistakes>(())
    /// ```
    pub fn parse(
        file: &str,
        text: &[u8],
        sidecar: &Sidecar,
        reading: &Reading,
    ) -> Result<Self, Mistakes> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        Importer::new(file, text, sidecar, reading).run()
    }
}

/// The sidecar in the same folder, if there is one.
fn beside(path: &Path) -> Result<Option<Sidecar>, TraceError> {
    let path = path.with_file_name(Sidecar::FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(Sidecar::parse(&path.to_string_lossy(), &text)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TraceError::Unreadable { path, source }),
    }
}

fn unpacked(path: &Path) -> Result<Vec<u8>, TraceError> {
    let unreadable = |source| TraceError::Unreadable { path: path.to_owned(), source };
    let most = Trace::BYTES_MAX;
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
        let mut text = Vec::with_capacity(bytes.len().saturating_mul(12));
        let packed = flate2::bufread::MultiGzDecoder::new(bytes.as_slice());
        packed.take(most + 1).read_to_end(&mut text).map_err(unreadable)?;
        bytes = text;
    }
    if bytes.len() as u64 > most {
        return Err(TraceError::TooLarge { path: path.to_owned(), most });
    }
    Ok(bytes)
}

pub(super) struct Importer<'a> {
    file: &'a str,
    text: &'a [u8],
    pub(super) sidecar: &'a Sidecar,
    reading: &'a Reading,
    pub(super) clock: Clock,
    pub(super) ids: Names,
    /// The line on which each id was first seen.
    pub(super) id_lines: Vec<u64>,
    pub(super) services: Names,
    pub(super) halls: Names,
    pub(super) resources: Names,
    kept: Vec<(Names, Vec<u32>)>,
    /// The last word for an outcome, and what it means: most rows repeat it.
    pub(super) word: (Vec<u8>, Option<Outcome>),
    trace: Trace,
    /// Whether the current row became the last of the trace's orders.
    is_kept: bool,
    /// Mistakes of the current row.
    pub(super) row: Vec<FieldMistake>,
    /// Where the current row begins: byte and line.
    byte: usize,
    pub(super) line: u64,
}

impl<'a> Importer<'a> {
    fn new(file: &'a str, text: &'a [u8], sidecar: &'a Sidecar, reading: &'a Reading) -> Self {
        Self {
            file,
            text,
            sidecar,
            reading,
            clock: Clock {
                zone: sidecar.zone.as_ref().map(|(_, zone)| zone.clone()),
                ..Clock::default()
            },
            ids: Names::default(),
            id_lines: vec![],
            services: Names::default(),
            halls: Names::default(),
            resources: Names::default(),
            kept: vec![],
            word: (vec![], None),
            trace: Trace::default(),
            is_kept: false,
            row: vec![],
            byte: 0,
            line: 1,
        }
    }

    fn run(mut self) -> Result<Trace, Mistakes> {
        let mut rows =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(self.text);
        let mut record = ByteRecord::new();
        let mut layout = None;
        let reads = "a slice can always be read, and rows may differ in length";
        while rows.read_byte_record(&mut record).expect(reads) {
            self.step_to(&record);
            match &layout {
                None => layout = Some(self.header(&record)?),
                Some(layout) => self.order(layout, &record),
            }
        }
        if layout.is_none() {
            let message = "the file is empty, expected a header".to_owned();
            self.row.push((None, TraceCode::NoHeader, message));
            return Err(self.refuse());
        }
        self.check_last_quote();
        if self.reading.strictness == Strictness::Strict && !self.trace.mistakes.is_empty() {
            return Err(self.trace.mistakes);
        }
        Ok(self.finish())
    }

    /// Moves to the beginning of the record just read.
    fn step_to(&mut self, record: &ByteRecord) {
        let at = record.position().map_or(0, csv::Position::byte);
        let mut at = usize::try_from(at).expect("a position in memory");
        // The reader's position may be before the end of the last line, or before empty lines.
        at += self.text[at..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        self.line += lines(&self.text[self.byte..at]);
        self.byte = at;
        self.is_kept = false;
    }

    fn header(&mut self, record: &ByteRecord) -> Result<Layout, Mistakes> {
        let names: Result<Vec<_>, _> = record.iter().map(str::from_utf8).collect();
        let keep = match &self.reading.columns {
            Columns::Drop => &[],
            Columns::Keep(names) => names.as_slice(),
        };
        let not_utf8 = |_| vec![(None, TraceCode::NotUtf8, "the header is not UTF-8".to_owned())];
        let layout =
            names.map_err(not_utf8).and_then(|names| Layout::new(&names, self.sidecar, keep));
        match layout {
            Ok(layout) => {
                self.kept = layout.kept.iter().map(|_| Default::default()).collect();
                let names = layout.kept.iter().map(|&field| text_of(record, field).to_owned());
                self.trace.attributes =
                    names.map(|name| Attribute { name, texts: vec![], values: vec![] }).collect();
                Ok(layout)
            }
            Err(mistakes) => {
                self.row = mistakes;
                Err(self.refuse())
            }
        }
    }

    /// Reports the current row's mistakes as the end of reading.
    fn refuse(&mut self) -> Mistakes {
        self.report();
        std::mem::take(&mut self.trace.mistakes)
    }

    /// Reads one row, and keeps the order or reports why not.
    fn order(&mut self, layout: &Layout, record: &ByteRecord) {
        if record.len() != layout.fields {
            let (found, fields) = (record.len(), layout.fields);
            let message = format!("the row has {found} fields, expected {fields} as the header");
            self.row.push((None, TraceCode::FieldCount, message));
            return self.report();
        }
        if str::from_utf8(record.as_slice()).is_err() {
            let message = "the row is not UTF-8".to_owned();
            self.row.push((None, TraceCode::NotUtf8, message));
            return self.report();
        }
        let order = Row { importer: self, layout, record }.order();
        if !self.row.is_empty() {
            return self.report();
        }
        self.trace.orders.push(order);
        self.is_kept = true;
        for (&field, (names, values)) in layout.kept.iter().zip(&mut self.kept) {
            values.push(names.number(text_of(record, field)).0);
        }
    }

    /// Gives the current row's mistakes their places.
    fn report(&mut self) {
        self.row.sort_by_key(|&(field, ..)| field);
        for (at, (field, code, message)) in self.row.drain(..).enumerate() {
            if at == 0 {
                *self.trace.skipped_rows.entry(code).or_default() += 1;
            }
            let mistakes = &mut self.trace.mistakes;
            if mistakes.list.len() == Mistakes::LISTED_MAX {
                mistakes.more += 1;
                continue;
            }
            let (line, column) = place(&self.text[self.byte..], field.unwrap_or(0));
            mistakes.list.push(TraceMistake {
                file: self.file.to_owned(),
                line: self.line + line,
                column,
                field: field.map(|field| field + 1),
                code,
                message,
            });
        }
    }

    /// A quote left open swallows the rest of the file into one field; that must not pass unseen.
    fn check_last_quote(&mut self) {
        if !is_unclosed(&self.text[self.byte..]) {
            return;
        }
        let message = "a quote is opened and never closed".to_owned();
        self.row.push((None, TraceCode::UnclosedQuote, message));
        self.report();
        if self.is_kept {
            self.trace.orders.pop();
            for (_, values) in &mut self.kept {
                values.pop();
            }
        }
    }

    fn finish(self) -> Trace {
        let mut trace = self.trace;
        let stem = Path::new(self.file).file_name().unwrap_or_default().to_string_lossy();
        trace.name = self.sidecar.name.clone().unwrap_or_else(|| stem.into_owned());
        trace.zone = self.sidecar.zone.as_ref().map(|(name, _)| name.clone());
        trace.services = self.services.into_vec();
        trace.halls = self.halls.into_vec();
        trace.resources = self.resources.into_vec();
        for (attribute, (names, values)) in trace.attributes.iter_mut().zip(self.kept) {
            (attribute.texts, attribute.values) = (names.into_vec(), values);
        }
        trace.ambiguous_times = self.clock.ambiguous_times;
        trace.missing_times = self.clock.missing_times;
        trace.ids = self.ids.finished();
        trace
    }
}
