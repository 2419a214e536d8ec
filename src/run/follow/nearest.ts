import type { Channel } from "../../runner/frame.ts";
import { isBefore, type Place } from "./frames.ts";

export const CHANNELS: readonly Channel[] = ["stdout", "stderr"];

/** The first frame of each channel that came although others are missing before it. */
export class NearestAhead {
  stdout: Place | null = null;
  stderr: Place | null = null;

  note(place: Place): void {
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
