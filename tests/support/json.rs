//! Properties of a JSON text, determined with serde_json. Tests compare them with the strict JSON
//! reader of the library.

#![allow(dead_code, reason = "each test binary uses only a part of this file")]

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// The nesting depth of a JSON text, and whether it has repeated names.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shape {
    /// 0 for a number, 1 for `[]`, 2 for `[[]]`.
    pub(crate) depth: usize,
    /// Whether an object has two members with the same name.
    pub(crate) repeats_a_name: bool,
}

impl Shape {
    /// Returns `None` if serde_json rejects the text.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    fn inside(&mut self, part: Shape) {
        self.depth = self.depth.max(part.depth);
        self.repeats_a_name |= part.repeats_a_name;
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut shape = Shape::default();
        let mut names = HashSet::new();
        while let Some((name, part)) = map.next_entry::<String, Shape>()? {
            shape.inside(part);
            shape.repeats_a_name |= !names.insert(name);
        }
        shape.depth += 1;
        Ok(shape)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Shape, A::Error> {
        let mut shape = Shape::default();
        while let Some(part) = sequence.next_element()? {
            shape.inside(part);
        }
        shape.depth += 1;
        Ok(shape)
    }

    fn visit_unit<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::default())
    }
}
