# SPDX-License-Identifier: MIT
"""schema.py SCHEMA DOCUMENT: holds a JSON document against a schema with python3-jsonschema."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f)
with open(sys.argv[2], encoding="utf-8") as f:
    document = json.load(f)
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
errors = list(validator(schema, format_checker=jsonschema.FormatChecker()).iter_errors(document))
for e in errors[:20]:
    print("/".join(map(str, e.path)), e.message[:300])
sys.exit(1 if errors else 0)
