# The icalendar gem: a zone is what the file's own VTIMEZONE says.
require 'stringio'
require 'time'

require 'icalendar'
require 'json'

calendar = Icalendar::Calendar.parse(File.read(ARGV.fetch(0), encoding: 'UTF-8')).first
ZONES = calendar.timezones.to_h { |zone| [zone.tzid.to_s, zone] }

# From the clock time: with ActiveSupport installed, the gem would go by the IANA name.
def instant(value)
  written = value.value_ical
  return Date.strptime(written, '%Y%m%d').iso8601 unless written.include?('T')
  return Time.strptime(written, '%Y%m%dT%H%M%S%z').utc.iso8601 if written.end_with?('Z')

  zone = ZONES.fetch(Array(value.ical_params.fetch('tzid')).first.to_s)
  clock = DateTime.strptime(written, '%Y%m%dT%H%M%S')
  offset = zone.offset_for_local(clock).to_s
  Time.new(clock.year, clock.month, clock.day, clock.hour, clock.minute, clock.second, offset).utc.iso8601
end

events = calendar.events.map do |event|
  {
    uid: event.uid.to_s,
    start_utc: instant(event.dtstart),
    end_utc: instant(event.dtend),
    summary: event.summary&.to_s,
    status: event.status&.to_s,
    sequence: event.sequence&.to_i
  }
end
puts JSON.generate(events)
