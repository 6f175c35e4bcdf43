// Makes a photo smaller before it travels: upright, at most 2048 pixels on a side, as JPEG.
//
// What the browser cannot read (HEIC in most of them, a file that is no photo) travels as it is: the server judges it.
// A canvas keeps nothing that a camera wrote in the file. Where a JPEG was taken is put back, and only that: the form may
// propose it as the place. The server takes it out again before anybody sees the photo.

const LONGEST_SIDE = 2048;
const LIGHT_BYTES = 1_500_000;
const QUALITY = 0.85;
const SHRINKABLE = ["image/jpeg", "image/png", "image/webp"];
const HEAD_BYTES = 256 * 1024;

/** The same photo, smaller; the file itself when it is light already or this browser cannot read it. */
export const makeSmaller = async (file) => {
  if (!SHRINKABLE.includes(file.type)) return file;
  const address = URL.createObjectURL(file);
  try {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    const { naturalWidth: width, naturalHeight: height } = picture; // as people see it: turned by its EXIF orientation
    const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
    if (scale === 1 && file.size <= LIGHT_BYTES) return file;
    const smaller = await draw(picture, Math.round(width * scale), Math.round(height * scale));
    if (!smaller || smaller.size >= file.size) return file;
    const place = placeSegment(await file.slice(0, HEAD_BYTES).arrayBuffer());
    const parts = place ? [smaller.slice(0, 2), place, smaller.slice(2)] : [smaller];
    return new File(parts, file.name, { type: "image/jpeg", lastModified: file.lastModified });
  } catch {
    return file;
  } finally {
    URL.revokeObjectURL(address);
  }
};

const draw = (picture, width, height) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, width), Math.max(1, height)];
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // what is transparent becomes white, as the server does
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
};

// EXIF: a TIFF in an APP1 segment; its first directory points to one with the position (CIPA DC-008, 4.6).

const EXIF_POINTER = 0x8825;
const POSITION_TAGS = [1, 2, 3, 4]; // N or S, latitude, E or W, longitude
const RATIONALS_BYTES = 24; // degrees, minutes and seconds, each a fraction of two numbers of four bytes

/** An EXIF segment with only where this JPEG was taken; null when it does not say. head: the first bytes of the file. */
export const placeSegment = (head) => {
  try {
    const tiff = findTiff(new DataView(head));
    return tiff && writeSegment(readPosition(tiff));
  } catch {
    return null; // damaged, or no JPEG: then nobody proposes anything
  }
};

const findTiff = (view) => {
  if (view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0xda; at += 2 + view.getUint16(at + 2)) {
    const isExif = view.getUint8(at + 1) === 0xe1 && view.getUint32(at + 4) === 0x45786966;
    if (isExif) return new DataView(view.buffer, at + 10, view.getUint16(at + 2) - 8);
  }
  return null;
};

const readPosition = (tiff) => {
  const little = tiff.getUint16(0) === 0x4949;
  const directory = (start) => {
    const count = tiff.getUint16(start, little);
    return new Map(Array.from({ length: count }, (_, n) => [tiff.getUint16(start + 2 + 12 * n, little), start + 10 + 12 * n]));
  };
  const pointer = directory(tiff.getUint32(4, little)).get(EXIF_POINTER);
  const found = directory(tiff.getUint32(pointer, little));
  const side = (tag) => tiff.getUint8(found.get(tag));
  const fractions = (tag) => {
    const start = tiff.getUint32(found.get(tag), little);
    return Array.from({ length: 6 }, (_, n) => tiff.getUint32(start + 4 * n, little));
  };
  const [northSouth, latitude, eastWest, longitude] = POSITION_TAGS;
  return { sides: [side(northSouth), side(eastWest)], numbers: [fractions(latitude), fractions(longitude)] };
};

const writeSegment = ({ sides, numbers }) => {
  const [header, first, position] = [10, 8, 26]; // where the TIFF begins in the segment, and its directories in the TIFF
  const values = position + 2 + 12 * POSITION_TAGS.length + 4;
  const length = header + values + 2 * RATIONALS_BYTES;
  const view = new DataView(new ArrayBuffer(length));
  const tiff = new DataView(view.buffer, header);
  view.setUint16(0, 0xffe1);
  view.setUint16(2, length - 2);
  view.setUint32(4, 0x45786966); // "Exif", then two zeros
  const entry = (at, tag, kind, count) => {
    tiff.setUint16(at, tag);
    tiff.setUint16(at + 2, kind);
    tiff.setUint32(at + 4, count);
    return at + 8;
  };
  tiff.setUint32(0, 0x4d4d002a); // most significant byte first
  tiff.setUint32(4, first);
  tiff.setUint16(first, 1);
  tiff.setUint32(entry(first + 2, EXIF_POINTER, 4, 1), position);
  tiff.setUint16(position, POSITION_TAGS.length);
  numbers.forEach((fractions, n) => {
    const start = values + RATIONALS_BYTES * n;
    const at = position + 2 + 24 * n;
    tiff.setUint8(entry(at, POSITION_TAGS[2 * n], 2, 2), sides[n]);
    tiff.setUint32(entry(at + 12, POSITION_TAGS[2 * n + 1], 5, 3), start);
    fractions.forEach((number, place) => tiff.setUint32(start + 4 * place, number));
  });
  return new Uint8Array(view.buffer);
};
