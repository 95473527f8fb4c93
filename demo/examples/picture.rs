//! Renders terminal output as a picture: reads text with colors from standard input and writes SVG to
//! standard output. `demo/picture.sh` runs it.

use std::io::{self, Read as _};

use anstyle_svg::Term;

fn main() -> io::Result<()> {
    let mut screen = String::new();
    io::stdin().read_to_string(&mut screen)?;
    let picture = Term::new().min_width_px(760).render_svg(screen.trim_end());
    println!("{}", readable(&picture));
    Ok(())
}

/// Replaces text colors with too little contrast to the black background: below 4.5:1, or below 3:1 for the rest of a
/// bar.
fn readable(picture: &str) -> String {
    picture
        .replace("fill: #AA0000", "fill: #FF6B6B")
        .replace("fill: #555555", "fill: #767676")
        // Dimmed text gets a color with enough contrast in place of an opacity.
        .replace(".dimmed { opacity: 0.4; }", ".dimmed { fill: #999999; }")
}
