//! From the key of a signature to the key of an agreement: an Ed25519 public key as the X25519 one of the same point
//! (RFC 7748). Public numbers only, once per key: written for reading, not for speed.

/// A number below 2^255 - 19, as its upper and lower half.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Number(u128, u128);

const ZERO: Number = Number(0, 0);
const ONE: Number = Number(0, 1);
/// 2^255 - 19.
const PRIME: Number = Number(u128::MAX >> 1, u128::MAX - 18);
const BITS: u32 = 255;

impl Number {
    fn is_below(self, other: Number) -> bool {
        (self.0, self.1) < (other.0, other.1)
    }

    fn minus_raw(self, other: Number) -> Number {
        let (low, borrow) = self.1.overflowing_sub(other.1);
        Number(self.0.wrapping_sub(other.0).wrapping_sub(u128::from(borrow)), low)
    }

    fn reduced(self) -> Number {
        match self.is_below(PRIME) {
            true => self,
            false => self.minus_raw(PRIME),
        }
    }

    fn plus(self, other: Number) -> Number {
        let (low, carry) = self.1.overflowing_add(other.1);
        // Both are below 2^255.
        Number(self.0.wrapping_add(other.0).wrapping_add(u128::from(carry)), low).reduced()
    }

    fn minus(self, other: Number) -> Number {
        self.plus(PRIME.minus_raw(other).reduced())
    }

    fn bit(self, at: u32) -> bool {
        let half = if at < 128 { self.1 } else { self.0 };
        (half >> (at % 128)) & 1 == 1
    }

    fn times(self, other: Number) -> Number {
        (0..BITS).rev().fold(ZERO, |sum, at| {
            let twice = sum.plus(sum);
            if other.bit(at) { twice.plus(self) } else { twice }
        })
    }

    /// By Fermat: to the power of the prime less two.
    fn inverse(self) -> Number {
        let power = PRIME.minus_raw(Number(0, 2));
        (0..BITS).rev().fold(ONE, |product, at| {
            let square = product.times(product);
            if power.bit(at) { square.times(self) } else { square }
        })
    }
}

/// The X25519 key of an Ed25519 key; `None` where there is none.
pub fn montgomery(ed25519: &[u8; 32]) -> Option<[u8; 32]> {
    let (low, high) = ed25519.split_first_chunk::<16>()?;
    let high: [u8; 16] = high.try_into().ok()?;
    // The last bit is the sign of the other coordinate.
    let y = Number(u128::from_le_bytes(high) & (u128::MAX >> 1), u128::from_le_bytes(*low)).reduced();
    let below = ONE.minus(y);
    if below == ZERO {
        return None;
    }
    let u = ONE.plus(y).times(below.inverse());
    let bytes = [u.1.to_le_bytes(), u.0.to_le_bytes()].concat();
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_rules_of_the_field() {
        let some = Number(
            0x1234_5678_9abc_def0_1122_3344_5566_7788,
            0x99aa_bbcc_ddee_ff00_0123_4567_89ab_cdef,
        );
        assert!(some.times(some.inverse()) == ONE);
        assert!(some.minus(some) == ZERO);
        assert!(PRIME.minus_raw(ONE).plus(ONE) == ZERO);
        assert!(some.plus(some) == some.times(Number(0, 2)));
    }

    /// The base point of either curve: y = 4/5, u = 9.
    #[test]
    fn the_base_point_is_the_base_point() {
        let mut y = [0x66; 32];
        y[0] = 0x58;
        let mut u = [0; 32];
        u[0] = 9;
        assert_eq!(montgomery(&y), Some(u));
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(montgomery(&one), None);
    }
}
