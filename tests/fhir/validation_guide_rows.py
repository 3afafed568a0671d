"""Examples of guides in which we and HL7's validator count other errors, and the rule."""

_MCODE = "hl7.fhir.us.mcode"
DIFFERENT: dict[tuple[str, str], str] = {
    (_MCODE, "Observation-tnm-pathologic-distant-metastases-category-jenny-m"): (
        "Observation.value[x] of mcode-tnm-distant-metastases-category: the extension maxValueSet "
        "holds for a preferred binding too, "
        "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet; the code is of "
        "data-absent-reason, which that value set does not have. HL7's validator looks at it in "
        "extensible bindings"
    ),
    (_MCODE, "Observation-genomic-variant-germline-deletion"): (
        "Observation.component.value[x] of genomics-reporting's variant, which is on no registry "
        "we reach: the binding is left unchecked. HL7's error is that its server for HGVS failed"
    ),
}
