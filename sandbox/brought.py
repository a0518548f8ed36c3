"""What an accepted send brings for its template, or as text, written into its entry. Pure."""

from sandbox.bodies import Location, Parameter, Send, TemplateBody, parameters_of
from sandbox.forms import Form
from sandbox.ledger import Entry


def keep(entry: Entry, send: Send) -> None:
    """Write down what an accepted send says."""
    if entry.template is None or send.template is None:
        entry.values = ((send.text.body if send.text else None) or "",)
        return
    form = entry.template.form
    entry.values = body_values(send.template, form)
    if form.buttons:
        entry.payloads = payloads(send.template) or None
        entry.ends = ends(send.template) or None
    if form.header_kind or form.header:
        entry.header = header_values(send.template, form)


def body_values(send: TemplateBody, form: Form) -> tuple[str, ...]:
    """The values of the body of a checked send, in the order of `form.body`."""
    parameters = parameters_of(send.components or (), "body")
    if form.named:
        by_name = {parameter.parameter_name: parameter.shown for parameter in parameters}
        return tuple(by_name[name] for name in form.body)
    return tuple(parameter.shown for parameter in parameters)


def payloads(send: TemplateBody) -> dict[int, str]:
    """What the quick replies of a checked send are to give back, by their index."""
    found = {}
    for button in send.components or ():
        index = button.place
        payload = button.parameters[0].payload if button.parameters else None
        if index is not None and payload and (button.type or "").lower() == "button":
            found[index] = payload
    return found


def header_values(send: TemplateBody, form: Form) -> tuple[str, ...]:
    """The values of the header of a checked send; of media or a place, what it is known by."""
    parameters = parameters_of(send.components or (), "header")
    if form.header_kind:
        return (_known_by(parameters[0], form.header_kind.lower()),) if parameters else ()
    if form.named:
        by_name = {parameter.parameter_name: parameter.shown for parameter in parameters}
        return tuple(by_name[name] for name in form.header)
    return tuple(parameter.shown for parameter in parameters)


def ends(send: TemplateBody) -> dict[int, str]:
    """What a checked send brings for links and coupon codes, by the button's index."""
    found = {}
    for button in send.components or ():
        index = button.place
        if index is not None and button.parameters and (button.type or "").lower() == "button":
            value = button.parameters[0].text or button.parameters[0].coupon_code
            if value:
                found[index] = value
    return found


def _known_by(parameter: Parameter, kind: str) -> str:
    if kind == "location":
        place = parameter.location or Location()
        degrees = f"{place.latitude}, {place.longitude}"
        return ", ".join(filter(None, (place.name, place.address))) or degrees
    media = getattr(parameter, kind)
    return media.filename or media.link or media.id or "" if media else ""
