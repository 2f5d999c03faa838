//! BTF, the kernel's description of its own types (`/sys/kernel/btf/vmlinux`): as much of it as is needed to find
//! a function by its name and the place of a field in a structure.
//!
//! One pass over the type section makes a table of where each type starts; everything else is looked up in the
//! bytes, nothing is copied. It reads the byte order of this machine only (the kernel describes itself) and no split
//! BTF (modules). Every answer about foreign bytes is a value or a [`BtfError`]; no input makes a look-up endless.
//!
//! Format: kernel `Documentation/bpf/btf.rst`, `include/uapi/linux/btf.h`.

/// `BTF_MAGIC`.
const MAGIC: u16 = 0xeb9f;
/// `sizeof(struct btf_header)` of version 1.
const HEADER_SIZE: usize = 24;
/// `sizeof(struct btf_type)`, which every type begins with.
const TYPE_SIZE: usize = 12;
/// `sizeof(struct btf_member)`: name, type, offset.
const MEMBER_SIZE: usize = 12;
/// `sizeof(struct btf_param)`: name, type.
const PARAMETER_SIZE: usize = 8;
/// `const volatile typedef` chains in kernels are three or four long; longer ones than this are loops.
const MODIFIER_LIMIT: usize = 32;
/// Members looked at for one field, anonymous structures included. `task_struct` has about 300; a structure that
/// contains itself anonymously would have no end.
const MEMBER_LIMIT: usize = 65_536;

/// The number of a type, `BTF_ID`: what `bpf(2)` calls `attach_btf_id` for a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TypeId(pub u32);

/// What a type is, as far as this module tells types apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `BTF_KIND_INT`, `_ENUM`, `_ENUM64`, `_FLOAT`: a value of some bytes.
    Scalar,
    /// `BTF_KIND_PTR`.
    Pointer,
    /// `BTF_KIND_STRUCT` or `_UNION`.
    Composite,
    /// `BTF_KIND_FUNC`.
    Function,
    /// `BTF_KIND_FUNC_PROTO`.
    Prototype,
    /// `BTF_KIND_TYPEDEF`, `_VOLATILE`, `_CONST`, `_RESTRICT`, `_TYPE_TAG`: another type under another name.
    Modifier,
    /// Anything else that can be stepped over: arrays, forward declarations, variables, sections, tags.
    Other,
}

/// A member of a structure, counted from the structure's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Bytes from the start of the structure that was asked, also for a member of an anonymous union inside it.
    pub offset: u32,
    /// The member's type.
    pub type_id: TypeId,
}

/// An argument of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// 0 for the first.
    pub index: u32,
    /// The argument's type.
    pub type_id: TypeId,
}

/// Why BTF could not be read or does not say what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BtfError {
    /// Not BTF, or of the other byte order.
    #[error("not BTF: the first two bytes are {0:#06x}")]
    Magic(u16),
    /// A section lies outside the file, or a type outside its section.
    #[error("BTF ends before its {what} at byte {offset}")]
    Truncated {
        /// The part that is cut off.
        what: &'static str,
        /// Where it should start, in its section.
        offset: usize,
    },
    /// A kind newer than this reader: without its size nothing behind it can be found.
    #[error("BTF has a type of the unknown kind {0}")]
    UnknownKind(u32),
    /// No function or structure has that name.
    #[error("the kernel has no {0}")]
    NotFound(String),
    /// The structure has no such member, or the function no such argument.
    #[error("type {} has no {name}", parent.0)]
    NoMember {
        /// The structure or function.
        parent: TypeId,
        /// The name that was asked for.
        name: String,
    },
    /// The member is a bit field, or does not start at a byte.
    #[error("{0} does not consist of whole bytes")]
    BitField(String),
    /// The type is not what the question is about: a member of a number, the target of a structure.
    #[error("type {} is not a {expected:?}", id.0)]
    WrongKind {
        /// The type asked about.
        id: TypeId,
        /// What it should have been.
        expected: Kind,
    },
}

/// A type's fixed part, `struct btf_type`.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where its variable part starts in the type section.
    tail: usize,
    name: u32,
    info: u32,
    /// The size in bytes, or the type referred to, depending on the kind.
    size_or_type: u32,
}

impl Entry {
    const fn kind_number(self) -> u32 {
        (self.info >> 24) & 0x1f
    }

    const fn count(self) -> usize {
        (self.info & 0xffff) as usize
    }

    /// In structures: the members' offsets carry a bit field's width in the upper 8 bits.
    const fn kind_flag(self) -> bool {
        self.info >> 31 == 1
    }

    const fn kind(self) -> Kind {
        match self.kind_number() {
            1 | 6 | 16 | 19 => Kind::Scalar,
            2 => Kind::Pointer,
            4 | 5 => Kind::Composite,
            8..=11 | 18 => Kind::Modifier,
            12 => Kind::Function,
            13 => Kind::Prototype,
            _ => Kind::Other,
        }
    }

    /// Bytes behind the fixed part; `None` for a kind that did not exist when this was written.
    const fn tail_size(self) -> Option<usize> {
        match self.kind_number() {
            // INT, VAR, DECL_TAG: one word
            1 | 14 | 17 => Some(4),
            // PTR, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FLOAT, TYPE_TAG
            2 | 7..=12 | 16 | 18 => Some(0),
            // ARRAY: struct btf_array
            3 => Some(12),
            // STRUCT, UNION, DATASEC, ENUM64
            4 | 5 | 15 | 19 => Some(12 * self.count()),
            // ENUM, FUNC_PROTO
            6 | 13 => Some(8 * self.count()),
            _ => None,
        }
    }
}

/// The types of a kernel, borrowed from the bytes of the file.
#[derive(Debug, Clone)]
pub struct Btf<'a> {
    types: &'a [u8],
    strings: &'a [u8],
    /// Where type 1, 2, ... start in `types`. (Type 0 is `void` and has no entry.)
    starts: Vec<u32>,
}

impl<'a> Btf<'a> {
    /// Checks the header and finds where each type starts.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BtfError> {
        let header = bytes.get(..HEADER_SIZE).ok_or(BtfError::Truncated { what: "header", offset: 0 })?;
        let magic = header.first_chunk().map_or(0, |&chunk| u16::from_ne_bytes(chunk));
        if magic != MAGIC {
            return Err(BtfError::Magic(magic));
        }
        let field = |offset| word(header, offset).unwrap_or(0) as usize;
        let section = |what, offset: usize, length: usize| {
            // Section offsets are counted from the end of the header, whose length the header says.
            let start = field(4).saturating_add(offset);
            bytes.get(start..start.saturating_add(length)).ok_or(BtfError::Truncated { what, offset: start })
        };
        let types = section("type section", field(8), field(12))?;
        let strings = section("string section", field(16), field(20))?;
        let mut btf = Self { types, strings, starts: Vec::with_capacity(types.len() / 20) };
        btf.index()?;
        Ok(btf)
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The first function, structure, ... called `name`.
    pub fn find(&self, kind: Kind, name: &str) -> Result<TypeId, BtfError> {
        (1u32..)
            .zip(&self.starts)
            .find_map(|(id, &start)| {
                let entry = self.entry_at(start as usize)?;
                (entry.kind() == kind && self.is_named(entry.name, name)).then_some(TypeId(id))
            })
            .ok_or_else(|| BtfError::NotFound(name.to_owned()))
    }

    /// What a type is once typedefs and qualifiers are taken off.
    pub fn kind(&self, id: TypeId) -> Option<Kind> {
        Some(self.resolve(id)?.1.kind())
    }

    /// The argument `name` of a function.
    pub fn parameter(&self, function: TypeId, name: &str) -> Result<Parameter, BtfError> {
        let wrong = |expected| BtfError::WrongKind { id: function, expected };
        let entry = self.entry(function).filter(|entry| entry.kind() == Kind::Function);
        let prototype = entry
            .and_then(|entry| self.entry(TypeId(entry.size_or_type)))
            .filter(|entry| entry.kind() == Kind::Prototype)
            .ok_or(wrong(Kind::Function))?;
        self.records::<PARAMETER_SIZE>(prototype)
            .zip(0u32..)
            .find(|(record, _)| word(*record, 0).is_some_and(|offset| self.is_named(offset, name)))
            .and_then(|(record, index)| Some(Parameter { index, type_id: TypeId(word(record, 4)?) }))
            .ok_or_else(|| BtfError::NoMember { parent: function, name: name.to_owned() })
    }

    /// What a pointer points to.
    pub fn pointee(&self, pointer: TypeId) -> Result<TypeId, BtfError> {
        match self.resolve(pointer) {
            Some((_, entry)) if entry.kind() == Kind::Pointer => Ok(TypeId(entry.size_or_type)),
            _ => Err(BtfError::WrongKind { id: pointer, expected: Kind::Pointer }),
        }
    }

    /// The size in bytes of a number. (BTF does not say the size of a pointer.)
    pub fn scalar_size(&self, scalar: TypeId) -> Result<u32, BtfError> {
        match self.resolve(scalar) {
            Some((_, entry)) if entry.kind() == Kind::Scalar => Ok(entry.size_or_type),
            _ => Err(BtfError::WrongKind { id: scalar, expected: Kind::Scalar }),
        }
    }

    /// The member `name` of a structure or union, also inside its anonymous structures and unions.
    pub fn field(&self, structure: TypeId, name: &str) -> Result<Field, BtfError> {
        let composite =
            |id| self.resolve(id).map(|(_, entry)| entry).filter(|entry| entry.kind() == Kind::Composite);
        let outer =
            composite(structure).ok_or(BtfError::WrongKind { id: structure, expected: Kind::Composite })?;
        let mut budget = MEMBER_LIMIT;
        let mut pending = vec![(outer, 0u32)];
        while let Some((entry, base)) = pending.pop() {
            for record in self.records::<MEMBER_SIZE>(entry) {
                budget = budget.saturating_sub(1);
                let (Some(name_at), Some(type_id), Some(place)) =
                    (word(record, 0), word(record, 4), word(record, 8))
                else {
                    continue;
                };
                let (bits, width) =
                    if entry.kind_flag() { (place & 0x00ff_ffff, place >> 24) } else { (place, 0) };
                let offset = base.saturating_add(bits / 8);
                if self.is_named(name_at, name) {
                    if width != 0 || bits % 8 != 0 {
                        return Err(BtfError::BitField(name.to_owned()));
                    }
                    return Ok(Field { offset, type_id: TypeId(type_id) });
                }
                if budget > 0 && self.is_named(name_at, "") {
                    pending.extend(composite(TypeId(type_id)).map(|inner| (inner, offset)));
                }
            }
            if budget == 0 {
                break;
            }
        }
        Err(BtfError::NoMember { parent: structure, name: name.to_owned() })
    }

    fn index(&mut self) -> Result<(), BtfError> {
        let mut offset = 0;
        while offset < self.types.len() {
            let truncated = BtfError::Truncated { what: "type", offset };
            let Some(entry) = self.entry_at(offset) else { return Err(truncated) };
            let tail = entry.tail_size().ok_or(BtfError::UnknownKind(entry.kind_number()))?;
            let end = entry.tail.saturating_add(tail);
            if end > self.types.len() {
                return Err(truncated);
            }
            self.starts.push(u32::try_from(offset).map_err(|_| truncated)?);
            offset = end;
        }
        Ok(())
    }

    fn entry(&self, id: TypeId) -> Option<Entry> {
        let index = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.entry_at(*self.starts.get(index)? as usize)
    }

    fn entry_at(&self, offset: usize) -> Option<Entry> {
        let tail = offset.checked_add(TYPE_SIZE)?;
        let fixed: &[u8; TYPE_SIZE] = self.types.get(offset..tail)?.first_chunk()?;
        Some(Entry { tail, name: word(fixed, 0)?, info: word(fixed, 4)?, size_or_type: word(fixed, 8)? })
    }

    /// Takes typedefs and qualifiers off.
    fn resolve(&self, id: TypeId) -> Option<(TypeId, Entry)> {
        let mut id = id;
        for _ in 0..MODIFIER_LIMIT {
            let entry = self.entry(id)?;
            if entry.kind() != Kind::Modifier {
                return Some((id, entry));
            }
            id = TypeId(entry.size_or_type);
        }
        None
    }

    /// The members, parameters, ... of a type.
    fn records<const SIZE: usize>(
        &self,
        entry: Entry,
    ) -> impl Iterator<Item = &'a [u8; SIZE]> + use<'a, SIZE> {
        let tail = self.types.get(entry.tail..).unwrap_or(&[]);
        tail.chunks_exact(SIZE).take(entry.count()).filter_map(|record| record.first_chunk())
    }

    /// Compares in place: a name ends with a zero byte.
    fn is_named(&self, offset: u32, name: &str) -> bool {
        let rest = self.strings.get(offset as usize..).unwrap_or(&[]);
        rest.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&0))
    }
}

fn word(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|&chunk| u32::from_ne_bytes(chunk))
}

#[cfg(test)]
mod tests;
