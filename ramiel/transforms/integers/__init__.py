"""What `integer-shapes` is made of: values, arithmetic, operators, and where sizes come from."""
