/**
 * Length in bytes of the ELF file that `bytes` begins with, without what was appended to it.
 *
 * Nothing of an ELF file that a linker made lies behind its section header table, so it ends where
 * that ends: `e_shoff + e_shentsize * e_shnum` (System V ABI, "ELF Header"). Throws if `bytes` is
 * not a 64-bit little-endian ELF file or is shorter than that.
 */
export function elfLength(bytes: Uint8Array): number {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = 0x7f454c46; // "\x7fELF"
  const isElf64 = bytes.length >= 64 && header.getUint32(0) === magic &&
    header.getUint8(4) === 2 && header.getUint8(5) === 1;
  if (!isElf64) throw new Error("Not a 64-bit little-endian ELF file");
  const tableStart = Number(header.getBigUint64(0x28, true));
  const length = tableStart + header.getUint16(0x3a, true) * header.getUint16(0x3c, true);
  if (length > bytes.length) throw new Error(`ELF file of ${length} bytes cut at ${bytes.length}`);
  return length;
}
