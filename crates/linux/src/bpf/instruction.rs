//! The part of the BPF instruction set that the program needs, as an assembler whose jumps cannot be left open.
//!
//! Encoding: RFC 9669; `struct bpf_insn` in `include/uapi/linux/bpf.h`.

/// One instruction, `struct bpf_insn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Instruction {
    code: u8,
    /// Two registers of 4 bits each, in the order in which the compiler lays out bit fields.
    registers: u8,
    offset: i16,
    immediate: i32,
}

/// A register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Register {
    /// A call's result, and the program's.
    R0,
    /// The first argument: of the program on entry, of each call. Calls destroy R1 to R5.
    R1,
    /// The second argument.
    R2,
    /// The third argument.
    R3,
    /// Survives calls.
    R6 = 6,
    /// Survives calls.
    R7,
    /// Survives calls.
    R8,
    /// The end of the 512 bytes of stack.
    Frame = 10,
}

/// How many bytes a load or store moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Width {
    /// 4 bytes.
    Word = 0x00,
    /// 2 bytes.
    Half = 0x08,
    /// 8 bytes.
    Double = 0x18,
}

impl Width {
    /// The width that moves `size` bytes.
    pub(super) const fn of_size(size: u32) -> Option<Self> {
        match size {
            2 => Some(Self::Half),
            4 => Some(Self::Word),
            8 => Some(Self::Double),
            _ => None,
        }
    }
}

/// A place in memory as instructions name it: bytes behind what a register points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub(super) Register, pub(super) i16);

/// A jump whose destination is not decided yet: give it to [`Assembler::land`].
#[derive(Debug)]
#[must_use]
pub(super) struct Jump {
    at: usize,
}

/// Instructions in the order of their making.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    code: Vec<Instruction>,
}

impl Assembler {
    /// `to = *(width *)from`
    pub(super) fn load(&mut self, width: Width, to: Register, from: Place) {
        self.push(0x61 | width as u8, to, from.0, from.1, 0);
    }

    /// `*(width *)to = from`
    pub(super) fn store(&mut self, width: Width, to: Place, from: Register) {
        self.push(0x63 | width as u8, to.0, from, to.1, 0);
    }

    /// `*(width *)to = value`
    pub(super) fn store_value(&mut self, width: Width, to: Place, value: i32) {
        self.push(0x62 | width as u8, to.0, Register::R0, to.1, value);
    }

    /// `to = from`
    pub(super) fn copy(&mut self, to: Register, from: Register) {
        self.push(0xbf, to, from, 0, 0);
    }

    /// `to = value`
    pub(super) fn set(&mut self, to: Register, value: i32) {
        self.push(0xb7, to, Register::R0, 0, value);
    }

    /// `to += value`
    pub(super) fn add(&mut self, to: Register, value: i32) {
        self.push(0x07, to, Register::R0, 0, value);
    }

    /// `if register == value goto ...`
    pub(super) fn jump_if_equal(&mut self, register: Register, value: i32) -> Jump {
        self.push_jump(0x15, register, value)
    }

    /// `if register != value goto ...`
    pub(super) fn jump_unless_equal(&mut self, register: Register, value: i32) -> Jump {
        self.push_jump(0x55, register, value)
    }

    /// `goto ...`
    pub(super) fn jump(&mut self) -> Jump {
        self.push_jump(0x05, Register::R0, 0)
    }

    /// Calls a kernel helper, by its number in `enum bpf_func_id`.
    pub(super) fn call(&mut self, helper: i32) {
        self.push(0x85, Register::R0, Register::R0, 0, helper);
    }

    /// Ends the program with R0 as its result.
    pub(super) fn exit(&mut self) {
        self.push(0x95, Register::R0, Register::R0, 0, 0);
    }

    /// Makes the next instruction the destination of `jumps`. A jump counts from the instruction after it.
    pub(super) fn land<const N: usize>(&mut self, jumps: [Jump; N]) {
        let here = self.code.len();
        for Jump { at } in jumps {
            if let Some(instruction) = self.code.get_mut(at) {
                instruction.offset = i16::try_from(here - at - 1).unwrap_or(i16::MAX);
            }
        }
    }

    /// The finished program.
    pub(super) fn finish(self) -> Vec<Instruction> {
        self.code
    }

    fn push(&mut self, code: u8, to: Register, from: Register, offset: i16, immediate: i32) {
        let (to, from) = (to as u8, from as u8);
        let registers = if cfg!(target_endian = "little") { from << 4 | to } else { to << 4 | from };
        self.code.push(Instruction { code, registers, offset, immediate });
    }

    fn push_jump(&mut self, code: u8, register: Register, value: i32) -> Jump {
        self.push(code, register, Register::R0, 0, value);
        Jump { at: self.code.len().saturating_sub(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the bytes that clang emits for `r1 = *(u64 *)(r6 + 8); if r1 == 0 goto +1; r0 = 0; exit`.
    #[test]
    #[cfg(target_endian = "little")]
    fn encodes_as_a_compiler_does() {
        let mut program = Assembler::default();
        program.load(Width::Double, Register::R1, Place(Register::R6, 8));
        let out = program.jump_if_equal(Register::R1, 0);
        program.set(Register::R0, 0);
        program.land([out]);
        program.exit();
        let expected = [(0x79, 0x61, 8, 0), (0x15, 0x01, 1, 0), (0xb7, 0x00, 0, 0), (0x95, 0, 0, 0)];
        let expected = expected.map(|(code, registers, offset, immediate)| Instruction {
            code,
            registers,
            offset,
            immediate,
        });
        assert_eq!(program.finish(), expected);
        assert_eq!(size_of::<Instruction>(), 8);
    }
}
