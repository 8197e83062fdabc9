"""Reads MISP events as PyMISP does, and holds their objects to the templates that come with it."""

import sys

from pymisp import MISPEvent, MISPObject

for path in sys.argv[1:]:
    event = MISPEvent()
    # Refuses attributes whose type and category do not go together.
    event.load_file(path)
    event.to_json()
    for found in event.objects:
        template = MISPObject(found.name, strict=True)
        if int(found.template_version) > int(template.template_version):
            sys.exit(f"{path}: {found.name}: PyMISP has no version {found.template_version} of its template")
        for name in ["template_uuid", "meta-category"]:
            is_said, is_known = str(getattr(found, name)), str(getattr(template, name))
            if is_said != is_known:
                sys.exit(f"{path}: {found.name}: {name} is {is_said}, PyMISP has {is_known}")
        for attribute in found.attributes:
            relation = attribute.object_relation
            if relation not in template._definition["attributes"]:
                sys.exit(f"{path}: {found.name} has no {relation}")
            kind = template._definition["attributes"][relation]["misp-attribute"]
            if kind != attribute.type:
                sys.exit(f"{path}: {found.name}: {relation} is {kind}, not {attribute.type}")
            template.add_attribute(relation, value=attribute.value, type=attribute.type)
        # What a template requires, and what may come but once.
        template.to_json(strict=True)
    print(f"{path}: {len(event.attributes)} attributes, {len(event.objects)} objects")
