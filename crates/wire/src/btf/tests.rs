//! A small kernel written by hand, the running kernel, and arbitrary bytes.

use super::*;
use proptest::prelude::*;

const INT: u32 = 1;
const PTR: u32 = 2;
const STRUCT: u32 = 4;
const UNION: u32 = 5;
const CONST: u32 = 10;
const FUNC: u32 = 12;
const FUNC_PROTO: u32 = 13;

#[derive(Default)]
struct Builder {
    types: Vec<u32>,
    strings: Vec<u8>,
    count: u32,
}

impl Builder {
    fn new() -> Self {
        Self { strings: vec![0], ..Self::default() }
    }

    fn name(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        let offset = u32::try_from(self.strings.len()).unwrap();
        self.strings.extend_from_slice(name.as_bytes());
        self.strings.push(0);
        offset
    }

    fn add(&mut self, kind: u32, name: &str, size_or_type: u32, tail: &[u32], count: u32) -> u32 {
        let name = self.name(name);
        self.types.extend([name, kind << 24 | count, size_or_type]);
        self.types.extend(tail);
        self.count += 1;
        self.count
    }

    fn composite(&mut self, kind: u32, flag: bool, name: &str, members: &[(&str, u32, u32)]) -> u32 {
        let tail: Vec<u32> =
            members.iter().flat_map(|&(name, id, place)| [self.name(name), id, place]).collect();
        let count = u32::try_from(members.len()).unwrap();
        self.add(kind | u32::from(flag) << 7, name, 64, &tail, count)
    }

    fn build(&self) -> Vec<u8> {
        let types: Vec<u8> = self.types.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
        let mut bytes = MAGIC.to_ne_bytes().to_vec();
        bytes.extend([1, 0]);
        for word in [24, 0, length(&types), length(&types), length(&self.strings)] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend(types);
        bytes.extend(&self.strings);
        bytes
    }
}

#[test]
fn finds_what_lies_in_anonymous_unions_and_behind_qualifiers() {
    let mut builder = Builder::new();
    let long = builder.add(INT, "long unsigned int", 8, &[64], 0);
    let inner = builder.composite(STRUCT, false, "", &[("x", long, 0), ("deep", long, 64)]);
    let union = builder.composite(UNION, false, "", &[("a", long, 0), ("", inner, 0)]);
    let inode = builder.composite(STRUCT, false, "inode", &[("i_mode", long, 0), ("", union, 128)]);
    let pointer = builder.add(PTR, "", inode, &[], 0);
    let constant = builder.add(CONST, "", pointer, &[], 0);
    let proto_name = builder.name("file");
    let fd = builder.name("fd");
    let prototype = builder.add(FUNC_PROTO, "", long, &[fd, long, proto_name, constant], 2);
    let function = builder.add(FUNC, "bpf_iter_task_file", prototype, &[], 0);
    let bytes = builder.build();
    let btf = Btf::parse(&bytes).unwrap();

    assert_eq!(btf.len(), builder.count as usize);
    assert_eq!(btf.find(Kind::Function, "bpf_iter_task_file").unwrap(), TypeId(function));
    assert_eq!(btf.find(Kind::Composite, "inode").unwrap(), TypeId(inode));
    let parameter = btf.parameter(TypeId(function), "file").unwrap();
    assert_eq!(parameter, Parameter { index: 1, type_id: TypeId(constant) });
    assert_eq!(btf.pointee(parameter.type_id).unwrap(), TypeId(inode));
    assert_eq!(btf.field(TypeId(inode), "deep").unwrap(), Field { offset: 24, type_id: TypeId(long) });
    assert_eq!(btf.scalar_size(TypeId(long)).unwrap(), 8);
    assert!(matches!(btf.field(TypeId(inode), "dee"), Err(BtfError::NoMember { .. })));
    assert!(matches!(btf.pointee(TypeId(inode)), Err(BtfError::WrongKind { .. })));
    assert!(matches!(btf.find(Kind::Function, "bpf_iter_task"), Err(BtfError::NotFound(_))));
}

#[test]
fn bit_fields_are_refused_and_the_kind_flag_is_understood() {
    let mut builder = Builder::new();
    let int = builder.add(INT, "int", 4, &[32], 0);
    let flagged = builder.composite(STRUCT, true, "flagged", &[("one", int, 1 << 24), ("whole", int, 32)]);
    let plain = builder.composite(STRUCT, false, "plain", &[("crooked", int, 3)]);
    let bytes = builder.build();
    let btf = Btf::parse(&bytes).unwrap();
    assert!(matches!(btf.field(TypeId(flagged), "one"), Err(BtfError::BitField(_))));
    assert_eq!(btf.field(TypeId(flagged), "whole").unwrap().offset, 4);
    assert!(matches!(btf.field(TypeId(plain), "crooked"), Err(BtfError::BitField(_))));
}

#[test]
fn loops_end() {
    let mut builder = Builder::new();
    // A typedef of itself, and a structure of eight anonymous selves.
    let typedef = builder.add(8, "again", 1, &[], 0);
    let members = [("", 2, 0); 8];
    let nested = builder.composite(STRUCT, false, "self", &members);
    let bytes = builder.build();
    let btf = Btf::parse(&bytes).unwrap();
    assert_eq!(btf.kind(TypeId(typedef)), None);
    assert!(btf.field(TypeId(nested), "absent").is_err());
}

#[test]
fn an_unknown_kind_and_a_cut_are_errors() {
    let mut builder = Builder::new();
    builder.add(25, "future", 0, &[], 0);
    assert_eq!(Btf::parse(&builder.build()).unwrap_err(), BtfError::UnknownKind(25));
    let mut builder = Builder::new();
    builder.add(STRUCT, "short", 0, &[], 3);
    assert!(matches!(Btf::parse(&builder.build()), Err(BtfError::Truncated { .. })));
    assert!(matches!(Btf::parse(&[]), Err(BtfError::Truncated { .. })));
    assert_eq!(Btf::parse(&[7; 64]).unwrap_err(), BtfError::Magic(0x0707));
}

/// The file is readable by everyone where the kernel was built with `CONFIG_DEBUG_INFO_BTF`, as distribution
/// kernels are.
#[test]
fn reads_the_running_kernel() {
    let bytes = std::fs::read("/sys/kernel/btf/vmlinux").expect("this test needs a kernel with BTF");
    let btf = Btf::parse(&bytes).unwrap();
    let file = btf.find(Kind::Composite, "file").unwrap();
    let inode = btf.pointee(btf.field(file, "f_inode").unwrap().type_id).unwrap();
    assert_eq!(inode, btf.find(Kind::Composite, "inode").unwrap());
    assert_eq!(btf.scalar_size(btf.field(inode, "i_mode").unwrap().type_id).unwrap(), 2);
    assert_eq!(btf.scalar_size(btf.field(inode, "i_ino").unwrap().type_id).unwrap(), 8);
    // `seq` is a pointer in an anonymous union, so that it has 8 bytes on every machine.
    let meta = btf.find(Kind::Composite, "bpf_iter_meta").unwrap();
    assert_eq!(btf.field(meta, "seq").unwrap().offset, 0);
    let context = btf.find(Kind::Composite, "bpf_iter__task_file").unwrap();
    let offsets = ["meta", "task", "fd", "file"].map(|name| btf.field(context, name).unwrap().offset);
    assert_eq!(offsets, [0, 8, 16, 24]);
}

fn look_everywhere(bytes: &[u8]) {
    if let Ok(btf) = Btf::parse(bytes) {
        for id in (0..=u32::try_from(btf.len()).unwrap() + 1).map(TypeId) {
            let _ = (btf.kind(id), btf.pointee(id), btf.scalar_size(id));
            let _ = (btf.field(id, "x"), btf.parameter(id, "x"));
        }
        let _ = btf.find(Kind::Function, "x");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        look_everywhere(&bytes);
    }

    /// Behind a good header, where arbitrary bytes would seldom get.
    #[test]
    fn no_types_make_it_panic(
        types in proptest::collection::vec((0u32..8, 0u32..20, any::<bool>(), 0u32..4, 0u32..6), 0..12),
        tail in proptest::collection::vec(0u32..9, 0..24),
    ) {
        let mut builder = Builder::new();
        builder.strings = b"\0x\0y\0\0x\0".to_vec();
        for (name, kind, flag, count, target) in types {
            builder.types.extend([name, u32::from(flag) << 31 | kind << 24 | count, target]);
        }
        builder.types.extend(tail);
        look_everywhere(&builder.build());
    }
}
