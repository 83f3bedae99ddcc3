/** A short tone when an empty queue gets its first patient. Off until somebody turns it on, then remembered on this machine. */
import { useEffect, useRef, useState } from "preact/hooks";
import { recall, store } from "../../../../shared/ui/i18n";

const SOUND = "outpost.doctor.sound";
const TONES_HZ = [660, 880];
const TONE_S = 0.14;

function ring(): void {
  const sound = new AudioContext();
  TONES_HZ.forEach((hz, place) => {
    const [tone, loudness] = [sound.createOscillator(), sound.createGain()];
    const at = sound.currentTime + place * TONE_S;
    tone.frequency.value = hz;
    loudness.gain.setValueAtTime(0.12, at);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + TONE_S);
    tone.connect(loudness).connect(sound.destination);
    tone.start(at);
    tone.stop(at + TONE_S);
  });
  setTimeout(() => void sound.close(), 1000);
}

/** [whether it is on, turn it on or off] */
export function useFirstPatient(waiting: number): [boolean, () => void] {
  const [on, setOn] = useState(recall(SOUND) === "1");
  const before = useRef(waiting);
  useEffect(() => {
    if (on && before.current === 0 && waiting > 0) ring();
    before.current = waiting;
  }, [waiting]);
  return [on, () => {
    if (!on) ring(); // so that one hears what it is like; and browsers allow sound only after a touch
    setOn(!on);
    store(SOUND, on ? null : "1");
  }];
}
