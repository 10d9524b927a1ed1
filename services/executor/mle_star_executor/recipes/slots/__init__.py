"""The slots: `<slot>/<variant>.py` holds one public function, `<slot>_<variant>`.

`prepare(train, test, context) -> Blocks`: what can be made without a target, for all rows, training rows first.
`target(y, context) -> (z, inverse)`: a number to what is fitted, and back. Classes come as codes, without it.
`encode(blocks_fit, z_fit, blocks_apply, context) -> (F_fit, F_apply)`: may use the fit rows' target.
`settle(F_fit, z_fit, params, context, seconds) -> dict`: parameters that are found once, then frozen.
`fit_predict(F_fit, z_fit, F_apply, params, context) -> raw`: (n_apply, k); k is 1 for a number.

z holds class codes as integers 0 to k - 1, every one of them present and k at least 2, or numbers as floats.
`context` is `Competition.context()` with `seed` and, but for `prepare`, the one `target` that is asked for.
"""
