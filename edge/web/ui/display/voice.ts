/**
 * The display's own voice: a chime, then the clip the clinic's computer made. One after another, never over each other.
 * Browsers keep pages silent until a person touches them; `blocked` says so, and `unlock` is that touch.
 */
const CLIP_MAX_MS = 60_000;
const FETCH_MS = 4_000;

export class Voice {
  #context: AudioContext | null = null;
  #source: AudioBufferSourceNode | null = null;
  #hushed = false;
  wanted = false;

  constructor(readonly changed: () => void) {}

  get on(): boolean {
    return this.wanted && this.#context?.state === "running";
  }

  get blocked(): boolean {
    return this.wanted && !this.on;
  }

  /** Try to sound. Works at once after a touch, or where the browser was started with sound allowed. */
  unlock(): void {
    this.wanted = true;
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#context.onstatechange = this.changed;
    }
    void this.#context.resume().then(this.changed, this.changed);
    this.changed();
  }

  silence(): void {
    this.wanted = false;
    void this.#context?.suspend();
    this.changed();
  }

  /** End what is being said, for something more important. */
  hush(): void {
    this.#hushed = true;
    this.#source?.stop();
  }

  /** Resolves when it was said, or at once where it cannot be: the screen shows it either way. False: it was hushed. */
  async say(clip: string | null): Promise<boolean> {
    const context = this.#context;
    this.#hushed = false;
    if (!this.on || !context) return true;
    const bytes = clip ? fetchClip(clip) : Promise.resolve(null); // fetched while the chime sounds
    await this.#chime(context);
    const wave = await bytes.then((found) => (found ? context.decodeAudioData(found) : null)).catch(() => null);
    if (!wave || !this.on || this.#hushed) return !this.#hushed;
    const source = (this.#source = context.createBufferSource());
    source.buffer = wave;
    source.connect(context.destination);
    await new Promise<void>((over) => {
      source.onended = () => over();
      setTimeout(over, Math.min(CLIP_MAX_MS, wave.duration * 1000 + 500));
      source.start();
    });
    this.#source = null;
    return !this.#hushed;
  }

  async #chime(context: AudioContext): Promise<void> {
    for (const [tone, from] of [[784, 0], [587, 0.32]] as const) {
      const [sound, loud, at] = [context.createOscillator(), context.createGain(), context.currentTime + from];
      sound.frequency.value = tone;
      loud.gain.setValueAtTime(0.0001, at);
      loud.gain.exponentialRampToValueAtTime(0.28, at + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.0001, at + 0.7);
      sound.connect(loud).connect(context.destination);
      sound.start(at);
      sound.stop(at + 0.75);
    }
    await new Promise((over) => setTimeout(over, 950));
  }
}

async function fetchClip(path: string): Promise<ArrayBuffer | null> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), FETCH_MS);
  try {
    const answer = await fetch(path, { credentials: "same-origin", signal: giveUp.signal });
    return answer.ok ? await answer.arrayBuffer() : null;
  } finally {
    clearTimeout(timer);
  }
}
