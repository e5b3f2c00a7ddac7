//! Tales that are told through several surfaces: what one writes, the others show.

mod four_surfaces;
mod invited;
