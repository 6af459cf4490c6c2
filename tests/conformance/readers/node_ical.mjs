// node-ical: a zone is what its IANA name means to the reader's own tz data.
import ical from "node-ical";

// A day comes as midnight of the machine's zone; the process runs in UTC (see foreign.py).
function instant(date) {
  const iso = date.toISOString().replace(".000", "");
  return date.dateOnly ? iso.slice(0, 10) : iso;
}

// A property with parameters comes as { params, val }.
const plain = (value) => value?.val ?? value ?? null;

const events = Object.values(ical.sync.parseFile(process.argv[2]))
  .filter((component) => component.type === "VEVENT")
  .map((event) => ({
    uid: event.uid,
    start_utc: instant(event.start),
    end_utc: instant(event.end),
    summary: plain(event.summary),
    status: plain(event.status),
    sequence: event.sequence === undefined ? null : Number(event.sequence),
  }));
console.log(JSON.stringify(events));
