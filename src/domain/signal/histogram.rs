//! The quantile of a histogram, by the arithmetic of Prometheus.

/// The value below which a share of what a histogram counted lies, as if each bucket were evenly full. Buckets are their upper bound and
/// how much lies below it, in any order; NaN where they do not say.
pub fn quantile(share: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut most = f64::NEG_INFINITY;
    for (_, count) in &mut buckets {
        most = most.max(*count);
        *count = most;
    }
    let [finite @ .., (bound, total)] = buckets.as_slice() else { return f64::NAN };
    if !bound.is_infinite() || finite.is_empty() || *total == 0.0 {
        return f64::NAN;
    }
    let rank = share * total;
    let Some(place) = finite.iter().position(|(_, count)| *count >= rank) else {
        return finite.last().map_or(f64::NAN, |(bound, _)| *bound);
    };
    let (start, before) = place.checked_sub(1).and_then(|place| finite.get(place)).copied().unwrap_or((0.0, 0.0));
    let Some((end, upto)) = finite.get(place).copied() else { return f64::NAN };
    start + (end - start) * ((rank - before) / (upto - before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let buckets = vec![(0.1, 5.0), (0.5, 9.0), (1.0, 10.0), (f64::INFINITY, 10.0)];
        assert!((quantile(0.5, buckets.clone()) - 0.1).abs() < 1e-12);
        assert!((quantile(0.95, buckets) - 0.75).abs() < 1e-12);
        assert!(quantile(0.5, vec![(0.1, 0.0), (f64::INFINITY, 0.0)]).is_nan());
    }
}
