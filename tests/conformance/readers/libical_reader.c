/* libical: a zone is what the file's own VTIMEZONE says; the built-in zones are never asked. */

#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fail(const char *what, const char *which)
{
    fprintf(stderr, "%s: %s\n", what, which);
    exit(1);
}

static char *whole_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fail("cannot open", path);
    }
    long size = ftell(file);
    rewind(file);
    char *content = size < 0 ? NULL : calloc((size_t)size + 1, 1);
    if (!content || fread(content, 1, (size_t)size, file) != (size_t)size) {
        fail("cannot read", path);
    }
    fclose(file);
    return content;
}

static void print_string(const char *text)
{
    if (!text) {
        printf("null");
        return;
    }
    putchar('"');
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') {
            printf("\\%c", byte);
        } else if (byte < 0x20) {
            printf("\\u%04x", byte);
        } else {
            putchar(byte);
        }
    }
    putchar('"');
}

static void print_instant(icalcomponent *calendar, icalproperty *property)
{
    struct icaltimetype clock = icalvalue_get_datetime(icalproperty_get_value(property));
    icalparameter *tzid = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    icaltimezone *zone = NULL;

    if (icaltime_is_date(clock)) {
        printf("\"%04d-%02d-%02d\"", clock.year, clock.month, clock.day);
        return;
    }
    if (tzid) {
        zone = icalcomponent_get_timezone(calendar, icalparameter_get_tzid(tzid));
        if (!zone) {
            fail("no VTIMEZONE in the file", icalparameter_get_tzid(tzid));
        }
    } else if (icaltime_is_utc(clock)) {
        zone = icaltimezone_get_utc_timezone();
    } else {
        fail("a time floats", icalproperty_as_ical_string(property));
    }

    time_t instant = icaltime_as_timet_with_zone(clock, zone);
    char iso[32];
    strftime(iso, sizeof iso, "%Y-%m-%dT%H:%M:%SZ", gmtime(&instant));
    printf("\"%s\"", iso);
}

static icalproperty *needed(icalcomponent *event, icalproperty_kind kind)
{
    icalproperty *property = icalcomponent_get_first_property(event, kind);
    if (!property) {
        fail("an event lacks", icalproperty_kind_to_string(kind));
    }
    return property;
}

static void print_event(icalcomponent *calendar, icalcomponent *event)
{
    icalproperty *status = icalcomponent_get_first_property(event, ICAL_STATUS_PROPERTY);
    icalproperty *sequence = icalcomponent_get_first_property(event, ICAL_SEQUENCE_PROPERTY);

    printf("{\"uid\":");
    print_string(icalcomponent_get_uid(event));
    printf(",\"start_utc\":");
    print_instant(calendar, needed(event, ICAL_DTSTART_PROPERTY));
    printf(",\"end_utc\":");
    print_instant(calendar, needed(event, ICAL_DTEND_PROPERTY));
    printf(",\"summary\":");
    print_string(icalcomponent_get_summary(event));
    printf(",\"status\":");
    print_string(status ? icalproperty_status_to_string(icalproperty_get_status(status)) : NULL);
    if (sequence) {
        printf(",\"sequence\":%d}", icalproperty_get_sequence(sequence));
    } else {
        printf(",\"sequence\":null}");
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fail("usage", "libical_reader FILE.ics");
    }
    char *content = whole_file(argv[1]);
    icalcomponent *calendar = icalparser_parse_string(content);
    if (!calendar || icalcomponent_isa(calendar) != ICAL_VCALENDAR_COMPONENT) {
        fail("not one VCALENDAR", argv[1]);
    }
    const char *separator = "";
    putchar('[');
    for (icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); event;
         event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        printf("%s", separator);
        print_event(calendar, event);
        separator = ",";
    }
    puts("]");
    icalcomponent_free(calendar);
    free(content);
    return 0;
}
