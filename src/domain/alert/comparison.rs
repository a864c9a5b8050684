//! What a rule compares with what: the outer comparison of its expression, where it is a plain one with a number.
//!
//! Of `rate(x[5m]) > 5` the value of an alert is the left side, and 5 is what is too much. Where the last thing an expression does is
//! anything else, its value cannot be held against a number, and nothing is said: a wrong threshold beside a value is worse than none.

use std::fmt;

/// How a value is compared with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `>`.
    Above,
    /// `>=`.
    AtLeast,
    /// `<`.
    Below,
    /// `<=`.
    AtMost,
    /// `==`.
    Equal,
    /// `!=`.
    Unequal,
}

/// The signs, the longer ones first: `>` begins `>=`.
const SIGNS: [(&str, Relation); 6] = [
    (">=", Relation::AtLeast),
    ("<=", Relation::AtMost),
    ("==", Relation::Equal),
    ("!=", Relation::Unequal),
    (">", Relation::Above),
    ("<", Relation::Below),
];

impl Relation {
    /// The sign, as PromQL writes it.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "==",
            Self::Unequal => "!=",
        }
    }

    /// The relation of the right side to the left one.
    const fn turned(self) -> Self {
        match self {
            Self::Above => Self::Below,
            Self::AtLeast => Self::AtMost,
            Self::Below => Self::Above,
            Self::AtMost => Self::AtLeast,
            Self::Equal | Self::Unequal => self,
        }
    }
}

/// What a value has to be for its rule to hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// How it is compared.
    pub relation: Relation,
    /// With what; finite.
    pub threshold: f64,
}

impl fmt::Display for Comparison {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {}", self.relation.sign(), said(self.threshold))
    }
}

impl Comparison {
    /// Whether it holds of a value.
    pub fn holds(&self, value: f64) -> bool {
        self.is_so(value, self.threshold)
    }

    /// Whether it held of a value that was kept with few digits.
    pub fn held(&self, value: f32) -> bool {
        #[expect(clippy::cast_possible_truncation, reason = "as the value was kept")]
        let threshold = f64::from(self.threshold as f32);
        self.is_so(f64::from(value), threshold)
    }

    #[expect(clippy::float_cmp, reason = "what PromQL's == and != do too")]
    fn is_so(&self, value: f64, threshold: f64) -> bool {
        match self.relation {
            Relation::Above => value > threshold,
            Relation::AtLeast => value >= threshold,
            Relation::Below => value < threshold,
            Relation::AtMost => value <= threshold,
            Relation::Equal => value == threshold,
            Relation::Unequal => value != threshold,
        }
    }

    /// The outer comparison of an expression in PromQL; `None` where it is no plain one with a number.
    pub fn of(expression: &str) -> Option<Self> {
        let bare = uncommented(expression);
        let bare = unwrapped(&bare);
        let mut found = None;
        for (place, token) in outer_tokens(bare) {
            match token {
                // What is joined by a set is not decided by one number.
                Token::Word("and" | "or" | "unless") => return None,
                Token::Sign(..) if found.is_some() => return None,
                Token::Sign(sign, relation) => found = Some((place, sign, relation)),
                Token::Word(_) => {}
            }
        }
        let (place, sign, relation) = found?;
        let (left, right) = (bare.get(..place)?, bare.get(place + sign.len()..)?);
        // With `bool` the value is 0 or 1 and says nothing of the left side; what follows the word is no number by itself.
        match (number(left), number(right)) {
            (None, Some(threshold)) if !left.trim().is_empty() => Some(Self { relation, threshold }),
            (Some(threshold), None) if !right.trim().is_empty() && !is_modified(right) => {
                Some(Self { relation: relation.turned(), threshold })
            }
            _ => None,
        }
    }
}

/// Whether a word that changes what a comparison means stands behind its sign.
fn is_modified(right: &str) -> bool {
    let word: String = right.trim_start().chars().take_while(|letter| is_in_word(*letter)).collect();
    ["bool", "on", "ignoring"].contains(&word.to_ascii_lowercase().as_str())
}

/// A number in few digits, as it stands in an alert: `7.2`, `0.071`, `12000`, `4.2e9`.
pub fn said(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e6 {
        return format!("{value:.0}");
    }
    let digits = |size: f64| {
        if size >= 100.0 {
            0
        } else if size >= 10.0 {
            1
        } else if size >= 1.0 {
            2
        } else {
            3
        }
    };
    if value != 0.0 && !(1e-3..1e6).contains(&size) {
        let text = format!("{value:.2e}");
        return text.replacen(".00e", "e", 1);
    }
    let text = format!("{value:.0$}", digits(size));
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text,
    }
}

fn is_in_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':')
}

/// The expression without its comments; a hash within quotes begins none.
fn uncommented(expression: &str) -> String {
    let mut bare = String::with_capacity(expression.len());
    for (place, letter, depth) in Walk::over(expression) {
        let _ = place;
        if depth != Depth::Comment {
            bare.push(letter);
        }
    }
    bare
}

/// The expression without parentheses around all of it.
fn unwrapped(expression: &str) -> &str {
    let mut bare = expression.trim();
    while let Some(inner) = bare.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        // The first one may close before the end: `(a) > (b)`.
        let closes_early = Walk::over(bare).any(|(place, letter, depth)| {
            letter == ')' && depth == Depth::Level(0) && place + letter.len_utf8() < bare.len()
        });
        if closes_early {
            break;
        }
        bare = inner.trim();
    }
    bare
}

/// A literal, with its sign and parentheses around it; finite.
fn number(text: &str) -> Option<f64> {
    let mut bare = text.trim();
    while let Some(inner) = bare.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        bare = inner.trim();
    }
    let (is_negative, digits) = match bare.strip_prefix('-') {
        Some(digits) => (true, digits.trim_start()),
        None => (false, bare.strip_prefix('+').map_or(bare, str::trim_start)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let plain = digits.replace('_', "");
    let value = match plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        #[expect(clippy::cast_precision_loss, reason = "PromQL's numbers are floats too")]
        Some(digits) => u64::from_str_radix(digits, 16).ok()? as f64,
        None => plain.parse().ok().filter(|value: &f64| value.is_finite())?,
    };
    Some(if is_negative { -value } else { value })
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Sign(&'a str, Relation),
}

/// Words in small letters' sense and comparing signs that stand outside of everything.
fn outer_tokens(expression: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens = Vec::new();
    let mut next = 0;
    for (place, letter, depth) in Walk::over(expression) {
        if depth != Depth::Level(0) || place < next {
            continue;
        }
        let rest = expression.get(place..).unwrap_or_default();
        if let Some((sign, relation)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            tokens.push((place, Token::Sign(sign, *relation)));
            next = place + sign.len();
        } else if is_in_word(letter) {
            let end = rest.find(|letter| !is_in_word(letter)).unwrap_or(rest.len());
            let word = rest.get(..end).unwrap_or_default();
            let known = ["and", "or", "unless"].into_iter().find(|known| word.eq_ignore_ascii_case(known));
            tokens.push((place, Token::Word(known.unwrap_or(word))));
            next = place + end;
        }
    }
    tokens
}

/// Where a letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Outside of quotes, this deep in brackets; a bracket itself stands where it leads from.
    Level(usize),
    /// In quotes.
    Quoted,
    /// In a comment.
    Comment,
}

/// The letters of an expression, each with its place and where it stands.
struct Walk<'a> {
    letters: std::str::CharIndices<'a>,
    level: usize,
    quote: Option<char>,
    is_escaped: bool,
    is_comment: bool,
}

impl<'a> Walk<'a> {
    fn over(expression: &'a str) -> Self {
        Self { letters: expression.char_indices(), level: 0, quote: None, is_escaped: false, is_comment: false }
    }
}

impl Iterator for Walk<'_> {
    type Item = (usize, char, Depth);

    fn next(&mut self) -> Option<Self::Item> {
        let (place, letter) = self.letters.next()?;
        if self.is_comment {
            self.is_comment = letter != '\n';
            return Some((place, letter, if self.is_comment { Depth::Comment } else { Depth::Level(self.level) }));
        }
        if let Some(quote) = self.quote {
            let is_escape = letter == '\\' && quote != '`' && !self.is_escaped;
            if letter == quote && !self.is_escaped {
                self.quote = None;
            }
            self.is_escaped = is_escape;
            return Some((place, letter, Depth::Quoted));
        }
        let depth = match letter {
            '"' | '\'' | '`' => {
                self.quote = Some(letter);
                Depth::Quoted
            }
            '#' => {
                self.is_comment = true;
                Depth::Comment
            }
            '(' | '[' | '{' => {
                self.level += 1;
                Depth::Level(self.level - 1)
            }
            ')' | ']' | '}' => {
                self.level = self.level.saturating_sub(1);
                Depth::Level(self.level)
            }
            _ => Depth::Level(self.level),
        };
        Some((place, letter, depth))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outer(expression: &str) -> String {
        Comparison::of(expression).map_or_else(|| "-".to_owned(), |found| found.to_string())
    }

    #[test]
    fn a_plain_outer_comparison_with_a_number_is_read() {
        for (expression, comparison) in [
            ("up == 0", "== 0"),
            ("rate(errors_total[5m]) > 5", "> 5"),
            ("sum by (service) (rate(x{code=~\"5..\"}[5m])) / sum by (service) (rate(x[5m])) > 0.05", "> 0.05"),
            ("((a + b) >= 1e3)", ">= 1000"),
            ("(a) < (-2.5)", "< -2.5"),
            ("a{b=\"x > 3 and y\"} <= .5", "<= 0.5"),
            ("5 < node_load1", "> 5"),
            ("100 >= a", "<= 100"),
            ("a != 0x10", "!= 16"),
            ("a # more than > 9 or so\n > 7", "> 7"),
            ("max_over_time(a[1h] offset 1d) > 12_000", "> 12000"),
            ("a{x='\\'>'} > 2", "> 2"),
            ("(a > 3) < 9", "< 9"),
            ("and_so_on > 4", "> 4"),
            ("a>1", "> 1"),
        ] {
            assert_eq!(outer(expression), comparison, "{expression}");
        }
    }

    #[test]
    fn anything_else_has_no_threshold() {
        for expression in [
            "up",
            "absent(up)",
            "a > b",
            "a > on(x) b",
            "a > on (x) group_left 5",
            "a > bool 5",
            "5 < bool a",
            "a > 5 and b > 6",
            "a > 5 AND b",
            "a or b > 1",
            "a unless on(x) b > 1",
            "a > 5 < 9",
            "a > 5 * 60",
            "a > Inf",
            "a > NaN",
            "3 > 2",
            "> 5",
            "a >",
            "a > 5m",
            "a =~ 5",
            "",
            "a{b=\">",
            "((a > 5)",
        ] {
            assert_eq!(outer(expression), "-", "{expression}");
        }
    }

    #[test]
    fn numbers_are_short_and_never_round_to_nothing() {
        for (value, words) in [
            (7.2, "7.2"),
            (0.0712, "0.071"),
            (0.0004, "4e-4"),
            (12_345.6, "12346"),
            (3.0e9, "3e9"),
            (4_231_000_000.0, "4.23e9"),
            (-1.0, "-1"),
            (99.96, "100"),
            (0.0, "0"),
        ] {
            assert_eq!(said(value), words);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_stumble(text in "(?s).{0,60}", more in "[a-z(){}\\[\\]\"'<>=! 0-9#]{0,40}") {
            let _ = Comparison::of(&text);
            let _ = Comparison::of(&more);
        }
    }
}
