//! Makes a picture of what a terminal shows: text with colours on the standard input, SVG on the
//! standard output. `demo/picture.sh` runs it.

use std::io::{self, Read as _};

use anstyle_svg::Term;

fn main() -> io::Result<()> {
    let mut screen = String::new();
    io::stdin().read_to_string(&mut screen)?;
    let picture = Term::new().min_width_px(760).render_svg(screen.trim_end());
    // Parts of a text have no opacity of their own, only that of their colour.
    println!("{}", picture.replace(" opacity: 0.4", " fill-opacity: 0.6"));
    Ok(())
}
