//! The part of PromQL that is shipped: sums of rates, quantiles of histograms, and what joins them.

use crate::domain::alert::{Matcher, matchers};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    /// A number.
    Number(f64),
    /// `rate(NAME{…}[…])`: the window in milliseconds.
    Rate(Selector, i64),
    /// `sum by (…) (…)`.
    Sum(Vec<String>, Box<Expression>),
    /// `histogram_quantile(…, …)`.
    Quantile(f64, Box<Expression>),
    /// Two sides and what is between them.
    Joined(Operation, Box<Expression>, Box<Expression>),
}

/// Which series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Selector {
    /// The metric.
    pub(super) name: String,
    /// What its labels have to be.
    pub(super) matchers: Vec<Matcher>,
}

/// What joins two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// What is on the left, and what is on the right and not there.
    Or,
    /// What is on the left and not on the right.
    Unless,
    /// What is on the left and greater.
    Greater,
    Plus,
    Minus,
    Times,
    Over,
}

/// The operations, from what binds least.
const BINDING: [&[(&str, Operation)]; 5] = [
    &[("or", Operation::Or)],
    &[("unless", Operation::Unless)],
    &[(">", Operation::Greater)],
    &[("+", Operation::Plus), ("-", Operation::Minus)],
    &[("*", Operation::Times), ("/", Operation::Over)],
];

/// Reads an expression.
///
/// # Errors
/// Where it is none, or another than are shipped: why.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut reader = Reader { rest: text.trim_start() };
    let expression = reader.joined(0)?;
    if reader.rest.is_empty() { Ok(expression) } else { Err(reader.unexpected()) }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn unexpected(&self) -> String {
        let shown: String = self.rest.chars().take(30).collect();
        format!("the simulated Prometheus evaluates the shipped queries alone: parse error at {shown:?}")
    }

    /// Takes a sign or a word that is next.
    fn takes(&mut self, sign: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        if sign.ends_with(char::is_alphabetic)
            && rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
        {
            return false;
        }
        self.rest = rest.trim_start();
        true
    }

    fn needs(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Everything as long as it is of some kind.
    fn while_is(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|letter| !is(letter)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        taken
    }

    fn name(&mut self) -> Result<&'a str, String> {
        let name = self.while_is(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':'));
        if name.is_empty() { Err(self.unexpected()) } else { Ok(name) }
    }

    fn joined(&mut self, level: usize) -> Result<Expression, String> {
        let Some(operations) = BINDING.get(level) else { return self.one() };
        let mut left = self.joined(level + 1)?;
        while let Some((_, operation)) = operations.iter().find(|(sign, _)| self.takes(sign)) {
            let right = self.joined(level + 1)?;
            left = Expression::Joined(*operation, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn number(&mut self) -> Result<f64, String> {
        let number = self.while_is(|letter| letter.is_ascii_digit() || letter == '.');
        number.parse().map_err(|_| self.unexpected())
    }

    fn one(&mut self) -> Result<Expression, String> {
        if self.takes("(") {
            let inner = self.joined(0)?;
            self.needs(")")?;
            return Ok(inner);
        }
        if self.takes("sum") {
            self.needs("by")?;
            let labels = self.labels()?;
            self.needs("(")?;
            let inner = self.joined(0)?;
            self.needs(")")?;
            return Ok(Expression::Sum(labels, Box::new(inner)));
        }
        if self.takes("histogram_quantile") {
            self.needs("(")?;
            let share = self.number()?;
            self.needs(",")?;
            let inner = self.joined(0)?;
            self.needs(")")?;
            return Ok(Expression::Quantile(share, Box::new(inner)));
        }
        if self.takes("rate") {
            self.needs("(")?;
            let selector = self.selector()?;
            self.needs("[")?;
            let window = self.duration()?;
            self.needs("]")?;
            self.needs(")")?;
            return Ok(Expression::Rate(selector, window));
        }
        self.number().map(Expression::Number)
    }

    fn labels(&mut self) -> Result<Vec<String>, String> {
        self.needs("(")?;
        let mut labels = Vec::new();
        while !self.takes(")") {
            labels.push(self.name()?.to_owned());
            self.takes(",");
        }
        Ok(labels)
    }

    fn selector(&mut self) -> Result<Selector, String> {
        let name = self.name()?.to_owned();
        let mut found = Vec::new();
        if self.rest.starts_with('{') {
            // A brace within quotes ends nothing.
            let mut is_quoted = false;
            let mut is_escaped = false;
            let end = self.rest.char_indices().find(|(_, letter)| {
                let ends = *letter == '}' && !is_quoted;
                if *letter == '"' && !is_escaped {
                    is_quoted = !is_quoted;
                }
                is_escaped = *letter == '\\' && !is_escaped;
                ends
            });
            let (end, _) = end.ok_or_else(|| self.unexpected())?;
            let (braces, rest) = self.rest.split_at(end + 1);
            found = matchers(braces).map_err(|_| self.unexpected())?;
            self.rest = rest.trim_start();
        }
        Ok(Selector { name, matchers: found })
    }

    fn duration(&mut self) -> Result<i64, String> {
        let mut total = 0;
        while !self.rest.starts_with(']') {
            let number = self.while_is(|letter| letter.is_ascii_digit());
            let number: i64 = number.parse().map_err(|_| self.unexpected())?;
            let unit = self.while_is(|letter| letter.is_ascii_alphabetic());
            let size = match unit {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(self.unexpected()),
            };
            total += number.saturating_mul(size);
        }
        if total > 0 { Ok(total) } else { Err(self.unexpected()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::query::{Labels, Query};

    #[test]
    fn every_shipped_query_is_read_for_all_and_for_one() {
        for query in Query::shipped() {
            for text in [query.for_all(&Labels::default(), "5m"), query.for_one(&Labels::default(), "a\"}b", "1h30m")] {
                assert!(parse(&text).is_ok(), "{text}: {:?}", parse(&text));
            }
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "up", "avg(rate(x[5m]))", "rate(x)", "sum by (a", "1 +", "rate(x[5y])", "sumo by (a) (1)"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_binds_more_is_joined_first() {
        let times = |left, right| Expression::Joined(Operation::Times, Box::new(left), Box::new(right));
        let number = Expression::Number;
        let expected = Expression::Joined(
            Operation::Or,
            Box::new(number(1.0)),
            Box::new(Expression::Joined(
                Operation::Plus,
                Box::new(number(2.0)),
                Box::new(times(number(3.0), number(4.0))),
            )),
        );
        assert_eq!(parse("1 or 2 + 3 * 4"), Ok(expected));
    }
}
