import { isBefore, type Place } from "../assemble/frames.ts";

/** The first frames that came although others are missing before them, the gapEnd of each channel. */
export class GapEnd {
  stdout: Place | null = null;
  stderr: Place | null = null;

  get any(): boolean {
    return this.stdout !== null || this.stderr !== null;
  }

  note(place: Place | null): void {
    if (!place) return;
    const known = this[place.channel];
    if (!known || isBefore(place, known)) this[place.channel] = place;
  }

  /** Forgets; answers what was known. */
  clear(): readonly Place[] {
    const known = [this.stdout, this.stderr].filter((place) => place !== null);
    this.stdout = null;
    this.stderr = null;
    return known;
  }
}
