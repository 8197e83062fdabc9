use imker_detect::Sighting;

/// Sightings in order of time, kept on disk where they are many.
#[derive(Debug, Default)]
pub struct Sightings {
    kept: Vec<Sighting>,
}

impl Sightings {
    /// How many there are.
    pub fn len(&self) -> u64 {
        self.kept.len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Goes through them by time, then file and offset; an error tells that the disk failed.
    pub fn iter(&self) -> std::io::Result<impl Iterator<Item = std::io::Result<Sighting>> + '_> {
        Ok(self.kept.iter().cloned().map(Ok))
    }
}
