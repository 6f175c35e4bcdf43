// Where the device is. Asked for when a screen wants it, remembered for a moment; nothing of it leaves the device but
// with a melding of one's own.

const FRESH_MS = 60_000;
const PATIENCE_MS = 10_000;
let last = null;

/** {lon, lat, accuracy_m, at} or null when the device does not know or may not say. */
export const whereAmI = ({ fresh = false } = {}) => {
  if (!fresh && last && Date.now() - last.at < FRESH_MS) return Promise.resolve(last);
  if (!navigator.geolocation) return Promise.resolve(null);
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        last = { lon: coords.longitude, lat: coords.latitude, accuracy_m: Math.ceil(coords.accuracy), at: Date.now() };
        resolve(last);
      },
      () => resolve(null),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: FRESH_MS },
    );
  });
};

/** The last place that was known, however old; null before anybody asked. */
export const lastPlace = () => last;
