//! The size of the terminal.

/// Returns the rows and columns that the terminal of the standard output reports. A terminal may report 0, for
/// example 0 rows and its columns.
#[cfg(unix)]
fn reported() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok()?;
    Some((size.ws_row, size.ws_col))
}

#[cfg(not(unix))]
fn reported() -> Option<(u16, u16)> {
    console::Term::stdout().size_checked()
}

/// The columns of a terminal that does not report them.
const COLUMNS: u16 = 80;
/// The rows of a terminal that does not report them.
const ROWS: u16 = 24;

/// The number of columns.
pub(super) fn columns() -> usize {
    columns_of(reported())
}

fn columns_of(reported: Option<(u16, u16)>) -> usize {
    let columns = reported.map_or(0, |(_, columns)| columns);
    usize::from(if columns == 0 { COLUMNS } else { columns })
}

/// The number of rows.
pub(super) fn rows() -> usize {
    let rows = reported().map_or(0, |(rows, _)| rows);
    usize::from(if rows == 0 { ROWS } else { rows })
}

/// Whether both are reported. Otherwise the width of the drawing would be a guess.
pub(super) fn has_size() -> bool {
    is_whole(reported())
}

fn is_whole(reported: Option<(u16, u16)>) -> bool {
    reported.is_some_and(|(rows, columns)| rows > 0 && columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_count_also_if_no_rows_are_reported() {
        for (reported, columns, is_drawn_on) in [
            (Some((24, 120)), 120, true),
            (Some((0, 120)), 120, false),
            (Some((0, 60)), 60, false),
            (Some((24, 0)), 80, false),
            (Some((0, 0)), 80, false),
            (None, 80, false),
        ] {
            assert_eq!(columns_of(reported), columns, "{reported:?}");
            assert_eq!(is_whole(reported), is_drawn_on, "{reported:?}");
        }
    }
}
