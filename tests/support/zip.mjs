// ZIP files for tests: read whole ones, and make good and hostile ones.
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";

/** The files of a ZIP file: {name: Buffer}. */
export function unzip(zip) {
    const end = zip.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
    if (end < 0) throw new Error("no directory at the end of the ZIP file");
    const files = {};
    let at = zip.readUInt32LE(end + 16);
    for (let i = 0; i < zip.readUInt16LE(end + 10); i += 1) {
        const method = zip.readUInt16LE(at + 10);
        const crc = zip.readUInt32LE(at + 16);
        const packed = zip.readUInt32LE(at + 20);
        const nameLength = zip.readUInt16LE(at + 28);
        const local = zip.readUInt32LE(at + 42);
        const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
        const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
        const data = zip.subarray(from, from + packed);
        files[name] = method === 8 ? inflateRawSync(data) : Buffer.from(data);
        if (crc32(files[name]) !== crc) throw new Error(`${name} is damaged`);
        at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    }
    return files;
}

/** A ZIP file of [name, content] pairs; `attributes` of a name are its Unix mode (0o120777: a link). */
export function zip(pairs, attributes = {}) {
    const bodies = [];
    const directory = [];
    let at = 0;
    for (const [name, content] of pairs) {
        const plain = Buffer.from(content);
        const packed = deflateRawSync(plain);
        const head = Buffer.alloc(26);
        head.writeUInt16LE(20, 0);
        head.writeUInt16LE(8, 4);
        head.writeUInt32LE(crc32(plain), 10);
        head.writeUInt32LE(packed.length, 14);
        head.writeUInt32LE(plain.length, 18);
        head.writeUInt16LE(Buffer.byteLength(name), 22);
        const mode = attributes[name] ?? 0o100600;
        const tail = Buffer.alloc(14);
        tail.writeUInt32LE((mode << 16) >>> 0, 6);
        tail.writeUInt32LE(at, 10);
        bodies.push(Buffer.from("PK\x03\x04", "latin1"), head, Buffer.from(name), packed);
        directory.push(Buffer.from("PK\x01\x02\x14\x03", "latin1"), head, tail, Buffer.from(name));
        at += 30 + Buffer.byteLength(name) + packed.length;
    }
    const listed = Buffer.concat(directory);
    const end = Buffer.alloc(22);
    end.write("PK\x05\x06", "latin1");
    end.writeUInt16LE(pairs.length, 8);
    end.writeUInt16LE(pairs.length, 10);
    end.writeUInt32LE(listed.length, 12);
    end.writeUInt32LE(at, 16);
    return Buffer.concat([...bodies, listed, end]);
}
