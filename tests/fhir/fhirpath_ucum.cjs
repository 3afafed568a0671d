// In the place of @lhncbc/ucum-lhc, which is megabytes of units: no unit converts into another.
const units = {
  convertUnitTo: () => ({ status: 'failed' }),
  convertToBaseUnits: () => ({ status: 'failed' }),
  getSpecifiedUnit: () => ({ unit: null }),
};
module.exports = { UcumLhcUtils: { getInstance: () => units } };
