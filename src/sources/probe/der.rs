//! The little of an X.509 certificate that is told: its time and its issuer (RFC 5280 §4.1, X.690).

use chrono::NaiveDateTime;

use crate::domain::time::{self, Instant};

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) from: Instant,
    pub(super) until: Instant,
    /// The common name of its issuer, else its organisation; empty where it has neither.
    pub(super) issuer: String,
    /// The names of its issuer and of what it is for, as they are written.
    pub(super) issued_by: Vec<u8>,
    pub(super) subject: Vec<u8>,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT: u8 = 0x06;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The version, which is there from version 2 on.
const VERSION: u8 = 0xa0;
/// Attributes of a name, by their object identifiers.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const ORGANISATION: [u8; 3] = [0x55, 0x04, 0x0a];

/// Reads a certificate; `None` where it is none.
pub(super) fn read(der: &[u8]) -> Option<Told> {
    let (certificate, _) = take(der, SEQUENCE)?;
    let (mut rest, _) = take(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        (_, rest) = take(rest, VERSION)?;
    }
    (_, rest) = take(rest, INTEGER)?;
    (_, rest) = take(rest, SEQUENCE)?;
    let (issuer, rest) = take(rest, SEQUENCE)?;
    let (times, rest) = take(rest, SEQUENCE)?;
    let (subject, _) = take(rest, SEQUENCE)?;
    let (from, times) = time(times)?;
    let (until, _) = time(times)?;
    let (issued_by, subject) = (issuer.to_vec(), subject.to_vec());
    let issuer = attribute(issuer, &COMMON_NAME).or_else(|| attribute(issuer, &ORGANISATION));
    Some(Told { from, until, issuer: issuer.unwrap_or_default(), issued_by, subject })
}

/// The content of the next value, which is to have this tag, and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = next(der)?;
    (found == tag).then_some((content, rest))
}

/// The tag and the content of the next value, and what follows it. Lengths of more than four bytes are not read.
fn next(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..=0x7f => (short, rest),
        long @ 0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
            (bytes.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn time(der: &[u8]) -> Option<(Instant, &[u8])> {
    let (tag, content, rest) = next(der)?;
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let text = match tag {
        // Two digits of the year: from 1950 to 2049.
        UTC_TIME => {
            let year: u32 = text.get(..2)?.parse().ok()?;
            format!("{}{text}", if year < 50 { "20" } else { "19" })
        }
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%S").map(|read| time::within(read.and_utc())).ok()?;
    Some((time, rest))
}

/// The first value of an attribute of a name.
fn attribute(mut name: &[u8], kind: &[u8]) -> Option<String> {
    while !name.is_empty() {
        let (mut set, rest) = take(name, SET)?;
        while !set.is_empty() {
            let (pair, others) = take(set, SEQUENCE)?;
            let (object, value) = take(pair, OBJECT)?;
            if object == kind {
                let (_, content, _) = next(value)?;
                return Some(String::from_utf8_lossy(content).into_owned());
            }
            set = others;
        }
        name = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn made(year: i32) -> Vec<u8> {
        let mut parameters = CertificateParams::new(vec!["shop.example".to_owned()]).expect("names");
        parameters.not_before = date_time_ymd(2020, 2, 3);
        parameters.not_after = date_time_ymd(year, 12, 31);
        parameters.distinguished_name.push(DnType::OrganizationName, "An Organisation");
        parameters.distinguished_name.push(DnType::CommonName, "An Authority");
        parameters.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate").der().to_vec()
    }

    #[test]
    fn time_and_issuer_are_read_in_both_forms_of_a_year() {
        for year in [2027, 2061] {
            let told = read(&made(year)).expect("a certificate");
            assert_eq!(told.from.to_rfc3339(), "2020-02-03T00:00:00+00:00");
            assert_eq!(told.until.to_rfc3339(), format!("{year}-12-31T00:00:00+00:00"));
            assert_eq!(told.issuer, "An Authority");
            assert_eq!(told.issued_by, told.subject, "it issued itself");
        }
    }

    #[test]
    fn what_is_no_certificate_is_none_wherever_it_ends() {
        let whole = made(2027);
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), None, "cut after {length} bytes");
        }
        for place in 0..whole.len().min(200) {
            let mut spoiled = whole.clone();
            spoiled[place] ^= 0xff;
            // Whatever it reads, it ends.
            let _ = read(&spoiled);
        }
    }
}
