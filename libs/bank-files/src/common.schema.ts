/** Types that pain.002.001.12, camt.053.001.08 and camt.054.001.08 share, in the language of `schema.ts`. From the schemas that ISO 20022 publishes. */
export const commonTypes = String.raw`
AccountIdentification4Choice choice IBAN:IBAN2007Identifier Othr:GenericAccountIdentification1
AccountSchemeName1Choice choice Cd:ExternalAccountIdentification1Code Prtry:Max35Text
ActiveCurrencyAndAmount_SimpleType decimal 18 5 0
ActiveCurrencyAndAmount amount ActiveCurrencyAndAmount_SimpleType Ccy:ActiveCurrencyCode
ActiveCurrencyCode pattern [A-Z]{3,3}
ActiveOrHistoricCurrencyAndAmount_SimpleType decimal 18 5 0
ActiveOrHistoricCurrencyAndAmount amount ActiveOrHistoricCurrencyAndAmount_SimpleType Ccy:ActiveOrHistoricCurrencyCode
ActiveOrHistoricCurrencyCode pattern [A-Z]{3,3}
AddressType2Code enumeration ADDR PBOX HOME BIZZ MLTO DLVY
AddressType3Choice choice Cd:AddressType2Code Prtry:GenericIdentification30
AnyBICDec2014Identifier pattern [A-Z0-9]{4,4}[A-Z]{2,2}[A-Z0-9]{2,2}([A-Z0-9]{3,3}){0,1}
BICFIDec2014Identifier pattern [A-Z0-9]{4,4}[A-Z]{2,2}[A-Z0-9]{2,2}([A-Z0-9]{3,3}){0,1}
BaseOneRate decimal 11 10
BranchAndFinancialInstitutionIdentification6 sequence FinInstnId:FinancialInstitutionIdentification18 BrnchId?:BranchData3
BranchData3 sequence Id?:Max35Text LEI?:LEIIdentifier Nm?:Max140Text PstlAdr?:PostalAddress24
CashAccountType2Choice choice Cd:ExternalCashAccountType1Code Prtry:Max35Text
ChargeBearerType1Code enumeration DEBT CRED SHAR SLEV
ClearingSystemIdentification2Choice choice Cd:ExternalClearingSystemIdentification1Code Prtry:Max35Text
ClearingSystemMemberIdentification2 sequence ClrSysId?:ClearingSystemIdentification2Choice MmbId:Max35Text
Contact4 sequence NmPrfx?:NamePrefix2Code Nm?:Max140Text PhneNb?:PhoneNumber MobNb?:PhoneNumber FaxNb?:PhoneNumber EmailAdr?:Max2048Text EmailPurp?:Max35Text JobTitl?:Max35Text Rspnsblty?:Max35Text Dept?:Max70Text Othr*:OtherContact1 PrefrdMtd?:PreferredContactMethod1Code
CountryCode pattern [A-Z]{2,2}
CreditDebitCode enumeration CRDT DBIT
CreditorReferenceInformation2 sequence Tp?:CreditorReferenceType2 Ref?:Max35Text
CreditorReferenceType1Choice choice Cd:DocumentType3Code Prtry:Max35Text
CreditorReferenceType2 sequence CdOrPrtry:CreditorReferenceType1Choice Issr?:Max35Text
DateAndDateTime2Choice choice Dt:ISODate DtTm:ISODateTime
DateAndPlaceOfBirth1 sequence BirthDt:ISODate PrvcOfBirth?:Max35Text CityOfBirth:Max35Text CtryOfBirth:CountryCode
DatePeriod2 sequence FrDt:ISODate ToDt:ISODate
DecimalNumber decimal 18 17
DiscountAmountAndType1 sequence Tp?:DiscountAmountType1Choice Amt:ActiveOrHistoricCurrencyAndAmount
DiscountAmountType1Choice choice Cd:ExternalDiscountAmountType1Code Prtry:Max35Text
DocumentAdjustment1 sequence Amt:ActiveOrHistoricCurrencyAndAmount CdtDbtInd?:CreditDebitCode Rsn?:Max4Text AddtlInf?:Max140Text
DocumentLineIdentification1 sequence Tp?:DocumentLineType1 Nb?:Max35Text RltdDt?:ISODate
DocumentLineInformation1 sequence Id+:DocumentLineIdentification1 Desc?:Max2048Text Amt?:RemittanceAmount3
DocumentLineType1 sequence CdOrPrtry:DocumentLineType1Choice Issr?:Max35Text
DocumentLineType1Choice choice Cd:ExternalDocumentLineType1Code Prtry:Max35Text
DocumentType3Code enumeration RADM RPIN FXDR DISP PUOR SCOR
DocumentType6Code enumeration MSIN CNFA DNFA CINV CREN DEBN HIRI SBIN CMCN SOAC DISP BOLD VCHR AROI TSUT PUOR
Exact4AlphaNumericText pattern [a-zA-Z0-9]{4}
ExternalAccountIdentification1Code length 1 4
ExternalCashAccountType1Code length 1 4
ExternalClearingSystemIdentification1Code length 1 5
ExternalDiscountAmountType1Code length 1 4
ExternalDocumentLineType1Code length 1 4
ExternalFinancialInstitutionIdentification1Code length 1 4
ExternalGarnishmentType1Code length 1 4
ExternalLocalInstrument1Code length 1 35
ExternalOrganisationIdentification1Code length 1 4
ExternalPersonIdentification1Code length 1 4
ExternalProxyAccountType1Code length 1 4
ExternalPurpose1Code length 1 4
ExternalTaxAmountType1Code length 1 4
FinancialIdentificationSchemeName1Choice choice Cd:ExternalFinancialInstitutionIdentification1Code Prtry:Max35Text
FinancialInstitutionIdentification18 sequence BICFI?:BICFIDec2014Identifier ClrSysMmbId?:ClearingSystemMemberIdentification2 LEI?:LEIIdentifier Nm?:Max140Text PstlAdr?:PostalAddress24 Othr?:GenericFinancialIdentification1
Garnishment3 sequence Tp:GarnishmentType1 Grnshee?:PartyIdentification135 GrnshmtAdmstr?:PartyIdentification135 RefNb?:Max140Text Dt?:ISODate RmtdAmt?:ActiveOrHistoricCurrencyAndAmount FmlyMdclInsrncInd?:TrueFalseIndicator MplyeeTermntnInd?:TrueFalseIndicator
GarnishmentType1 sequence CdOrPrtry:GarnishmentType1Choice Issr?:Max35Text
GarnishmentType1Choice choice Cd:ExternalGarnishmentType1Code Prtry:Max35Text
GenericAccountIdentification1 sequence Id:Max34Text SchmeNm?:AccountSchemeName1Choice Issr?:Max35Text
GenericFinancialIdentification1 sequence Id:Max35Text SchmeNm?:FinancialIdentificationSchemeName1Choice Issr?:Max35Text
GenericIdentification30 sequence Id:Exact4AlphaNumericText Issr:Max35Text SchmeNm?:Max35Text
GenericOrganisationIdentification1 sequence Id:Max35Text SchmeNm?:OrganisationIdentificationSchemeName1Choice Issr?:Max35Text
GenericPersonIdentification1 sequence Id:Max35Text SchmeNm?:PersonIdentificationSchemeName1Choice Issr?:Max35Text
IBAN2007Identifier pattern [A-Z]{2,2}[0-9]{2,2}[a-zA-Z0-9]{1,30}
ISODate date
ISODateTime dateTime
LEIIdentifier pattern [A-Z0-9]{18,18}[0-9]{2,2}
LocalInstrument2Choice choice Cd:ExternalLocalInstrument1Code Prtry:Max35Text
Max1025Text length 1 1025
Max105Text length 1 105
Max128Text length 1 128
Max140Text length 1 140
Max15NumericText pattern [0-9]{1,15}
Max16Text length 1 16
Max2048Text length 1 2048
Max34Text length 1 34
Max350Text length 1 350
Max35Text length 1 35
Max4Text length 1 4
Max70Text length 1 70
NamePrefix2Code enumeration DOCT MADM MISS MIST MIKS
Number decimal 18 0
OrganisationIdentification29 sequence AnyBIC?:AnyBICDec2014Identifier LEI?:LEIIdentifier Othr*:GenericOrganisationIdentification1
OrganisationIdentificationSchemeName1Choice choice Cd:ExternalOrganisationIdentification1Code Prtry:Max35Text
OtherContact1 sequence ChanlTp:Max4Text Id?:Max128Text
Party38Choice choice OrgId:OrganisationIdentification29 PrvtId:PersonIdentification13
Party40Choice choice Pty:PartyIdentification135 Agt:BranchAndFinancialInstitutionIdentification6
PartyIdentification135 sequence Nm?:Max140Text PstlAdr?:PostalAddress24 Id?:Party38Choice CtryOfRes?:CountryCode CtctDtls?:Contact4
PercentageRate decimal 11 10
PersonIdentification13 sequence DtAndPlcOfBirth?:DateAndPlaceOfBirth1 Othr*:GenericPersonIdentification1
PersonIdentificationSchemeName1Choice choice Cd:ExternalPersonIdentification1Code Prtry:Max35Text
PhoneNumber pattern \+[0-9]{1,3}-[0-9()+\-]{1,30}
PostalAddress24 sequence AdrTp?:AddressType3Choice Dept?:Max70Text SubDept?:Max70Text StrtNm?:Max70Text BldgNb?:Max16Text BldgNm?:Max35Text Flr?:Max70Text PstBx?:Max16Text Room?:Max70Text PstCd?:Max16Text TwnNm?:Max35Text TwnLctnNm?:Max35Text DstrctNm?:Max35Text CtrySubDvsn?:Max35Text Ctry?:CountryCode AdrLine{0..7}:Max70Text
PreferredContactMethod1Code enumeration LETT MAIL PHON FAXX CELL
ProxyAccountIdentification1 sequence Tp?:ProxyAccountType1Choice Id:Max2048Text
ProxyAccountType1Choice choice Cd:ExternalProxyAccountType1Code Prtry:Max35Text
Purpose2Choice choice Cd:ExternalPurpose1Code Prtry:Max35Text
ReferredDocumentInformation7 sequence Tp?:ReferredDocumentType4 Nb?:Max35Text RltdDt?:ISODate LineDtls*:DocumentLineInformation1
ReferredDocumentType3Choice choice Cd:DocumentType6Code Prtry:Max35Text
ReferredDocumentType4 sequence CdOrPrtry:ReferredDocumentType3Choice Issr?:Max35Text
RemittanceAmount2 sequence DuePyblAmt?:ActiveOrHistoricCurrencyAndAmount DscntApldAmt*:DiscountAmountAndType1 CdtNoteAmt?:ActiveOrHistoricCurrencyAndAmount TaxAmt*:TaxAmountAndType1 AdjstmntAmtAndRsn*:DocumentAdjustment1 RmtdAmt?:ActiveOrHistoricCurrencyAndAmount
RemittanceAmount3 sequence DuePyblAmt?:ActiveOrHistoricCurrencyAndAmount DscntApldAmt*:DiscountAmountAndType1 CdtNoteAmt?:ActiveOrHistoricCurrencyAndAmount TaxAmt*:TaxAmountAndType1 AdjstmntAmtAndRsn*:DocumentAdjustment1 RmtdAmt?:ActiveOrHistoricCurrencyAndAmount
SupplementaryData1 sequence PlcAndNm?:Max350Text Envlp:SupplementaryDataEnvelope1
SupplementaryDataEnvelope1 any
TaxAmountAndType1 sequence Tp?:TaxAmountType1Choice Amt:ActiveOrHistoricCurrencyAndAmount
TaxAmountType1Choice choice Cd:ExternalTaxAmountType1Code Prtry:Max35Text
TaxAuthorisation1 sequence Titl?:Max35Text Nm?:Max140Text
TaxParty1 sequence TaxId?:Max35Text RegnId?:Max35Text TaxTp?:Max35Text
TaxParty2 sequence TaxId?:Max35Text RegnId?:Max35Text TaxTp?:Max35Text Authstn?:TaxAuthorisation1
TaxRecordPeriod1Code enumeration MM01 MM02 MM03 MM04 MM05 MM06 MM07 MM08 MM09 MM10 MM11 MM12 QTR1 QTR2 QTR3 QTR4 HLF1 HLF2
TrueFalseIndicator boolean
UUIDv4Identifier pattern [a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}
`;
