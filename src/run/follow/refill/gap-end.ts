import { isBefore, type Place } from "../assemble/frame-channel.ts";

/** Where the gap of each channel ends: the first frame that a source has although others are missing before it. */
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

  merge({ stdout, stderr }: GapEnd): void {
    this.note(stdout);
    this.note(stderr);
  }
}
