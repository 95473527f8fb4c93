//! The ratios of all rounds, and the table that shows them.

use std::fmt::Write as _;

/// One measurement of both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pair {
    pub(crate) ours: f64,
    pub(crate) peers: f64,
    pub(crate) unit: &'static str,
}

/// Rows in the order of their first addition.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    /// The maximum ratio.
    target: Option<f64>,
    pairs: Vec<Pair>,
}

impl Table {
    /// Adds one measurement to a row.
    pub(crate) fn add(&mut self, name: &str, target: Option<f64>, pair: Pair) {
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.pairs.push(pair),
            None => self.rows.push(Row {
                name: name.to_owned(),
                target,
                pairs: vec![pair],
            }),
        }
    }

    /// The table, with the ratios of the client to the peer in each round.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(
            "| figure | client, median | peer, median | ratio: min | median | max | target | met |\n|---|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let unit = row.pairs.first().map_or("", |pair| pair.unit);
            let of = |part: fn(&Pair) -> f64| Spread::of(row.pairs.iter().map(part));
            let (ours, peers) = (of(|pair| pair.ours), of(|pair| pair.peers));
            let ratio = of(|pair| pair.ours / pair.peers);
            let (target, met) = match row.target {
                Some(target) if ratio.median <= target => (format!("≤ {target}"), "yes"),
                Some(target) => (format!("≤ {target}"), "no"),
                None => (String::new(), ""),
            };
            let _ = writeln!(
                text,
                "| {} | {:.3} {unit} | {:.3} {unit} | {:.3} | {:.3} | {:.3} | {target} | {met} |",
                row.name, ours.median, peers.median, ratio.minimum, ratio.median, ratio.maximum
            );
        }
        text
    }
}

struct Spread {
    minimum: f64,
    median: f64,
    maximum: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let middle = values.len() / 2;
        Self {
            minimum: at(0),
            median: if values.len().is_multiple_of(2) && middle > 0 {
                f64::midpoint(at(middle - 1), at(middle))
            } else {
                at(middle)
            },
            maximum: at(values.len().saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ratio_compares_one_round_and_the_table_shows_whether_the_target_is_met() {
        let mut table = Table::default();
        for (ours, peers) in [(1.0, 4.0), (2.0, 2.0), (3.0, 10.0), (1.0, 2.0)] {
            table.add(
                "check",
                Some(0.5),
                Pair {
                    ours,
                    peers,
                    unit: "s",
                },
            );
        }
        table.add(
            "size",
            Some(0.5),
            Pair {
                ours: 6.0,
                peers: 10.0,
                unit: "MB",
            },
        );
        table.add(
            "other",
            None,
            Pair {
                ours: 1.0,
                peers: 1.0,
                unit: "",
            },
        );
        let text = table.markdown();
        assert!(
            text.contains("| check | 1.500 s | 3.000 s | 0.250 | 0.400 | 1.000 | ≤ 0.5 | yes |\n"),
            "{text}"
        );
        assert!(
            text.contains("| size | 6.000 MB | 10.000 MB | 0.600 | 0.600 | 0.600 | ≤ 0.5 | no |")
        );
        assert!(text.contains("| other | 1.000  | 1.000  | 1.000 | 1.000 | 1.000 |  |  |"));
    }
}
