/** Types that camt.053.001.08 and camt.054.001.08 share, in the language of `schema.ts`. From the schemas that ISO 20022 publishes. */
export const camtTypes = String.raw`
AccountInterest4 sequence Tp?:InterestType1Choice Rate*:Rate4 FrToDt?:DateTimePeriod1 Rsn?:Max35Text Tax?:TaxCharges2
ActiveOrHistoricCurrencyAnd13DecimalAmount_SimpleType decimal 18 13 0
ActiveOrHistoricCurrencyAnd13DecimalAmount amount ActiveOrHistoricCurrencyAnd13DecimalAmount_SimpleType Ccy:ActiveOrHistoricCurrencyCode
ActiveOrHistoricCurrencyAndAmountRange2 sequence Amt:ImpliedCurrencyAmountRange1Choice CdtDbtInd?:CreditDebitCode Ccy:ActiveOrHistoricCurrencyCode
AmountAndCurrencyExchange3 sequence InstdAmt?:AmountAndCurrencyExchangeDetails3 TxAmt?:AmountAndCurrencyExchangeDetails3 CntrValAmt?:AmountAndCurrencyExchangeDetails3 AnncdPstngAmt?:AmountAndCurrencyExchangeDetails3 PrtryAmt*:AmountAndCurrencyExchangeDetails4
AmountAndCurrencyExchangeDetails3 sequence Amt:ActiveOrHistoricCurrencyAndAmount CcyXchg?:CurrencyExchange5
AmountAndCurrencyExchangeDetails4 sequence Tp:Max35Text Amt:ActiveOrHistoricCurrencyAndAmount CcyXchg?:CurrencyExchange5
AmountAndDirection35 sequence Amt:NonNegativeDecimalNumber CdtDbtInd:CreditDebitCode
AmountRangeBoundary1 sequence BdryAmt:ImpliedCurrencyAndAmount Incl:YesNoIndicator
AttendanceContext1Code enumeration ATTD SATT UATT
AuthenticationEntity1Code enumeration ICCD AGNT MERC
AuthenticationMethod1Code enumeration UKNW BYPS NPIN FPIN CPSG PPSG MANU MERC SCRT SNCT SCNL
BankTransactionCodeStructure4 sequence Domn?:BankTransactionCodeStructure5 Prtry?:ProprietaryBankTransactionCodeStructure1
BankTransactionCodeStructure5 sequence Cd:ExternalBankTransactionDomain1Code Fmly:BankTransactionCodeStructure6
BankTransactionCodeStructure6 sequence Cd:ExternalBankTransactionFamily1Code SubFmlyCd:ExternalBankTransactionSubFamily1Code
BatchInformation2 sequence MsgId?:Max35Text PmtInfId?:Max35Text NbOfTxs?:Max15NumericText TtlAmt?:ActiveOrHistoricCurrencyAndAmount CdtDbtInd?:CreditDebitCode
CSCManagement1Code enumeration PRST BYPS UNRD NCSC
CardAggregated2 sequence AddtlSvc?:CardPaymentServiceType2Code TxCtgy?:ExternalCardTransactionCategory1Code SaleRcncltnId?:Max35Text SeqNbRg?:CardSequenceNumberRange1 TxDtRg?:DateOrDateTimePeriod1Choice
CardDataReading1Code enumeration TAGC PHYS BRCD MGST CICC DFLE CTLS ECTL
CardEntry4 sequence Card?:PaymentCard4 POI?:PointOfInteraction1 AggtdNtry?:CardAggregated2 PrePdAcct?:CashAccount38
CardIndividualTransaction2 sequence ICCRltdData?:Max1025Text PmtCntxt?:PaymentContext3 AddtlSvc?:CardPaymentServiceType2Code TxCtgy?:ExternalCardTransactionCategory1Code SaleRcncltnId?:Max35Text SaleRefNb?:Max35Text RePresntmntRsn?:ExternalRePresentmentReason1Code SeqNb?:Max35Text TxId?:TransactionIdentifier1 Pdct?:Product2 VldtnDt?:ISODate VldtnSeqNb?:Max35Text
CardPaymentServiceType2Code enumeration AGGR DCCV GRTT INSP LOYT NRES PUCO RECP SOAF UNAF VCAU
CardSecurityInformation1 sequence CSCMgmt:CSCManagement1Code CSCVal?:Min3Max4NumericText
CardSequenceNumberRange1 sequence FrstTx?:Max35Text LastTx?:Max35Text
CardTransaction17 sequence Card?:PaymentCard4 POI?:PointOfInteraction1 Tx?:CardTransaction3Choice PrePdAcct?:CashAccount38
CardTransaction3Choice choice Aggtd:CardAggregated2 Indv:CardIndividualTransaction2
CardholderAuthentication2 sequence AuthntcnMtd:AuthenticationMethod1Code AuthntcnNtty:AuthenticationEntity1Code
CardholderVerificationCapability1Code enumeration MNSG NPIN FCPN FEPN FDSG FBIO MNVR FBIG APKI PKIS CHDT SCEC
CashAccount38 sequence Id:AccountIdentification4Choice Tp?:CashAccountType2Choice Ccy?:ActiveOrHistoricCurrencyCode Nm?:Max70Text Prxy?:ProxyAccountIdentification1
CashAccount39 sequence Id:AccountIdentification4Choice Tp?:CashAccountType2Choice Ccy?:ActiveOrHistoricCurrencyCode Nm?:Max70Text Prxy?:ProxyAccountIdentification1 Ownr?:PartyIdentification135 Svcr?:BranchAndFinancialInstitutionIdentification6
CashAvailability1 sequence Dt:CashAvailabilityDate1Choice Amt:ActiveOrHistoricCurrencyAndAmount CdtDbtInd:CreditDebitCode
CashAvailabilityDate1Choice choice NbOfDays:Max15PlusSignedNumericText ActlDt:ISODate
CashDeposit1 sequence NoteDnmtn:ActiveCurrencyAndAmount NbOfNotes:Max15NumericText Amt:ActiveCurrencyAndAmount
ChargeIncludedIndicator boolean
ChargeType3Choice choice Cd:ExternalChargeType1Code Prtry:GenericIdentification3
Charges6 sequence TtlChrgsAndTaxAmt?:ActiveOrHistoricCurrencyAndAmount Rcrd*:ChargesRecord3
ChargesRecord3 sequence Amt:ActiveOrHistoricCurrencyAndAmount CdtDbtInd?:CreditDebitCode ChrgInclInd?:ChargeIncludedIndicator Tp?:ChargeType3Choice Rate?:PercentageRate Br?:ChargeBearerType1Code Agt?:BranchAndFinancialInstitutionIdentification6 Tax?:TaxCharges2
CopyDuplicate1Code enumeration CODU COPY DUPL
CorporateAction9 sequence EvtTp:Max35Text EvtId:Max35Text
CurrencyExchange5 sequence SrcCcy:ActiveOrHistoricCurrencyCode TrgtCcy?:ActiveOrHistoricCurrencyCode UnitCcy?:ActiveOrHistoricCurrencyCode XchgRate:BaseOneRate CtrctId?:Max35Text QtnDt?:ISODateTime
DateOrDateTimePeriod1Choice choice Dt:DatePeriod2 DtTm:DateTimePeriod1
DateTimePeriod1 sequence FrDtTm:ISODateTime ToDtTm:ISODateTime
DisplayCapabilities1 sequence DispTp:UserInterface2Code NbOfLines:Max3NumericText LineWidth:Max3NumericText
EntryDetails9 sequence Btch?:BatchInformation2 TxDtls*:EntryTransaction10
EntryStatus1Choice choice Cd:ExternalEntryStatus1Code Prtry:Max35Text
EntryTransaction10 sequence Refs?:TransactionReferences6 Amt?:ActiveOrHistoricCurrencyAndAmount CdtDbtInd?:CreditDebitCode AmtDtls?:AmountAndCurrencyExchange3 Avlbty*:CashAvailability1 BkTxCd?:BankTransactionCodeStructure4 Chrgs?:Charges6 Intrst?:TransactionInterest4 RltdPties?:TransactionParties6 RltdAgts?:TransactionAgents5 LclInstrm?:LocalInstrument2Choice Purp?:Purpose2Choice RltdRmtInf{0..10}:RemittanceLocation7 RmtInf?:RemittanceInformation16 RltdDts?:TransactionDates3 RltdPric?:TransactionPrice4Choice RltdQties*:TransactionQuantities3Choice FinInstrmId?:SecurityIdentification19 Tax?:TaxInformation8 RtrInf?:PaymentReturnReason5 CorpActn?:CorporateAction9 SfkpgAcct?:SecuritiesAccount19 CshDpst*:CashDeposit1 CardTx?:CardTransaction17 AddtlTxInf?:Max500Text SplmtryData*:SupplementaryData1
Exact1NumericText pattern [0-9]
Exact3NumericText pattern [0-9]{3}
ExternalBankTransactionDomain1Code length 1 4
ExternalBankTransactionFamily1Code length 1 4
ExternalBankTransactionSubFamily1Code length 1 4
ExternalCardTransactionCategory1Code length 1 4
ExternalChargeType1Code length 1 4
ExternalEntryStatus1Code length 1 4
ExternalFinancialInstrumentIdentificationType1Code length 1 4
ExternalRePresentmentReason1Code length 1 4
ExternalReportingSource1Code length 1 4
ExternalReturnReason1Code length 1 4
ExternalTechnicalInputChannel1Code length 1 4
FinancialInstrumentQuantity1Choice choice Unit:DecimalNumber FaceAmt:ImpliedCurrencyAndAmount AmtsdVal:ImpliedCurrencyAndAmount
FromToAmountRange1 sequence FrAmt:AmountRangeBoundary1 ToAmt:AmountRangeBoundary1
GenericIdentification1 sequence Id:Max35Text SchmeNm?:Max35Text Issr?:Max35Text
GenericIdentification3 sequence Id:Max35Text Issr?:Max35Text
GenericIdentification32 sequence Id:Max35Text Tp?:PartyType3Code Issr?:PartyType4Code ShrtNm?:Max35Text
GroupHeader81 sequence MsgId:Max35Text CreDtTm:ISODateTime MsgRcpt?:PartyIdentification135 MsgPgntn?:Pagination1 OrgnlBizQry?:OriginalBusinessQuery1 AddtlInf?:Max500Text
ISINOct2015Identifier pattern [A-Z]{2,2}[A-Z0-9]{9,9}[0-9]{1,1}
ISO2ALanguageCode pattern [a-z]{2,2}
ISOYearMonth gYearMonth
IdentificationSource3Choice choice Cd:ExternalFinancialInstrumentIdentificationType1Code Prtry:Max35Text
ImpliedCurrencyAmountRange1Choice choice FrAmt:AmountRangeBoundary1 ToAmt:AmountRangeBoundary1 FrToAmt:FromToAmountRange1 EQAmt:ImpliedCurrencyAndAmount NEQAmt:ImpliedCurrencyAndAmount
ImpliedCurrencyAndAmount decimal 18 5 0
InterestRecord2 sequence Amt:ActiveOrHistoricCurrencyAndAmount CdtDbtInd:CreditDebitCode Tp?:InterestType1Choice Rate?:Rate4 FrToDt?:DateTimePeriod1 Rsn?:Max35Text Tax?:TaxCharges2
InterestType1Choice choice Cd:InterestType1Code Prtry:Max35Text
InterestType1Code enumeration INDY OVRN
Max15PlusSignedNumericText pattern [\+]{0,1}[0-9]{1,15}
Max3NumericText pattern [0-9]{1,3}
Max500Text length 1 500
Max5NumericText pattern [0-9]{1,5}
MessageIdentification2 sequence MsgNmId?:Max35Text MsgId?:Max35Text
Min2Max3NumericText pattern [0-9]{2,3}
Min3Max4NumericText pattern [0-9]{3,4}
Min8Max28NumericText pattern [0-9]{8,28}
NameAndAddress16 sequence Nm:Max140Text Adr:PostalAddress24
NonNegativeDecimalNumber decimal 18 17 0
NumberAndSumOfTransactions1 sequence NbOfNtries?:Max15NumericText Sum?:DecimalNumber
NumberAndSumOfTransactions4 sequence NbOfNtries?:Max15NumericText Sum?:DecimalNumber TtlNetNtry?:AmountAndDirection35
OnLineCapability1Code enumeration OFLN ONLN SMON
OriginalAndCurrentQuantities1 sequence FaceAmt:ImpliedCurrencyAndAmount AmtsdVal:ImpliedCurrencyAndAmount
OriginalBusinessQuery1 sequence MsgId:Max35Text MsgNmId?:Max35Text CreDtTm?:ISODateTime
OtherIdentification1 sequence Id:Max35Text Sfx?:Max16Text Tp:IdentificationSource3Choice
POIComponentType1Code enumeration SOFT EMVK EMVO MRIT CHIT SECM PEDV
Pagination1 sequence PgNb:Max5NumericText LastPgInd:YesNoIndicator
PartyType3Code enumeration OPOI MERC ACCP ITAG ACQR CISS DLIS
PartyType4Code enumeration MERC ACCP ITAG ACQR CISS TAXH
PaymentCard4 sequence PlainCardData?:PlainCardData1 CardCtryCd?:Exact3NumericText CardBrnd?:GenericIdentification1 AddtlCardData?:Max70Text
PaymentContext3 sequence CardPres?:TrueFalseIndicator CrdhldrPres?:TrueFalseIndicator OnLineCntxt?:TrueFalseIndicator AttndncCntxt?:AttendanceContext1Code TxEnvt?:TransactionEnvironment1Code TxChanl?:TransactionChannel1Code AttndntMsgCpbl?:TrueFalseIndicator AttndntLang?:ISO2ALanguageCode CardDataNtryMd:CardDataReading1Code FllbckInd?:TrueFalseIndicator AuthntcnMtd?:CardholderAuthentication2
PaymentReturnReason5 sequence OrgnlBkTxCd?:BankTransactionCodeStructure4 Orgtr?:PartyIdentification135 Rsn?:ReturnReason5Choice AddtlInf*:Max105Text
PlainCardData1 sequence PAN:Min8Max28NumericText CardSeqNb?:Min2Max3NumericText FctvDt?:ISOYearMonth XpryDt:ISOYearMonth SvcCd?:Exact3NumericText TrckData*:TrackData1 CardSctyCd?:CardSecurityInformation1
PointOfInteraction1 sequence Id:GenericIdentification32 SysNm?:Max70Text GrpId?:Max35Text Cpblties?:PointOfInteractionCapabilities1 Cmpnt*:PointOfInteractionComponent1
PointOfInteractionCapabilities1 sequence CardRdngCpblties*:CardDataReading1Code CrdhldrVrfctnCpblties*:CardholderVerificationCapability1Code OnLineCpblties?:OnLineCapability1Code DispCpblties*:DisplayCapabilities1 PrtLineWidth?:Max3NumericText
PointOfInteractionComponent1 sequence POICmpntTp:POIComponentType1Code ManfctrId?:Max35Text Mdl?:Max35Text VrsnNb?:Max16Text SrlNb?:Max35Text ApprvlNb*:Max70Text
Price7 sequence Tp:YieldedOrValueType1Choice Val:PriceRateOrAmount3Choice
PriceRateOrAmount3Choice choice Rate:PercentageRate Amt:ActiveOrHistoricCurrencyAnd13DecimalAmount
PriceValueType1Code enumeration DISC PREM PARV
Product2 sequence PdctCd:Max70Text UnitOfMeasr?:UnitOfMeasure1Code PdctQty?:DecimalNumber UnitPric?:ImpliedCurrencyAndAmount PdctAmt?:ImpliedCurrencyAndAmount TaxTp?:Max35Text AddtlPdctInf?:Max35Text
ProprietaryAgent4 sequence Tp:Max35Text Agt:BranchAndFinancialInstitutionIdentification6
ProprietaryBankTransactionCodeStructure1 sequence Cd:Max35Text Issr?:Max35Text
ProprietaryDate3 sequence Tp:Max35Text Dt:DateAndDateTime2Choice
ProprietaryParty5 sequence Tp:Max35Text Pty:Party40Choice
ProprietaryPrice2 sequence Tp:Max35Text Pric:ActiveOrHistoricCurrencyAndAmount
ProprietaryQuantity1 sequence Tp:Max35Text Qty:Max35Text
ProprietaryReference1 sequence Tp:Max35Text Ref:Max35Text
Rate4 sequence Tp:RateType4Choice VldtyRg?:ActiveOrHistoricCurrencyAndAmountRange2
RateType4Choice choice Pctg:PercentageRate Othr:Max35Text
RemittanceInformation16 sequence Ustrd*:Max140Text Strd*:StructuredRemittanceInformation16
RemittanceLocation7 sequence RmtId?:Max35Text RmtLctnDtls*:RemittanceLocationData1
RemittanceLocationData1 sequence Mtd:RemittanceLocationMethod2Code ElctrncAdr?:Max2048Text PstlAdr?:NameAndAddress16
RemittanceLocationMethod2Code enumeration FAXI EDIC URID EMAL POST SMSM
ReportEntry10 sequence NtryRef?:Max35Text Amt:ActiveOrHistoricCurrencyAndAmount CdtDbtInd:CreditDebitCode RvslInd?:TrueFalseIndicator Sts:EntryStatus1Choice BookgDt?:DateAndDateTime2Choice ValDt?:DateAndDateTime2Choice AcctSvcrRef?:Max35Text Avlbty*:CashAvailability1 BkTxCd:BankTransactionCodeStructure4 ComssnWvrInd?:YesNoIndicator AddtlInfInd?:MessageIdentification2 AmtDtls?:AmountAndCurrencyExchange3 Chrgs?:Charges6 TechInptChanl?:TechnicalInputChannel1Choice Intrst?:TransactionInterest4 CardTx?:CardEntry4 NtryDtls*:EntryDetails9 AddtlNtryInf?:Max500Text
ReportingSource1Choice choice Cd:ExternalReportingSource1Code Prtry:Max35Text
ReturnReason5Choice choice Cd:ExternalReturnReason1Code Prtry:Max35Text
SecuritiesAccount19 sequence Id:Max35Text Tp?:GenericIdentification30 Nm?:Max70Text
SecurityIdentification19 sequence ISIN?:ISINOct2015Identifier OthrId*:OtherIdentification1 Desc?:Max140Text
SequenceRange1 sequence FrSeq:Max35Text ToSeq:Max35Text
SequenceRange1Choice choice FrSeq:Max35Text ToSeq:Max35Text FrToSeq+:SequenceRange1 EQSeq+:Max35Text NEQSeq+:Max35Text
StructuredRemittanceInformation16 sequence RfrdDocInf*:ReferredDocumentInformation7 RfrdDocAmt?:RemittanceAmount2 CdtrRefInf?:CreditorReferenceInformation2 Invcr?:PartyIdentification135 Invcee?:PartyIdentification135 TaxRmt?:TaxInformation7 GrnshmtRmt?:Garnishment3 AddtlRmtInf{0..3}:Max140Text
TaxAmount2 sequence Rate?:PercentageRate TaxblBaseAmt?:ActiveOrHistoricCurrencyAndAmount TtlAmt?:ActiveOrHistoricCurrencyAndAmount Dtls*:TaxRecordDetails2
TaxCharges2 sequence Id?:Max35Text Rate?:PercentageRate Amt?:ActiveOrHistoricCurrencyAndAmount
TaxInformation7 sequence Cdtr?:TaxParty1 Dbtr?:TaxParty2 UltmtDbtr?:TaxParty2 AdmstnZone?:Max35Text RefNb?:Max140Text Mtd?:Max35Text TtlTaxblBaseAmt?:ActiveOrHistoricCurrencyAndAmount TtlTaxAmt?:ActiveOrHistoricCurrencyAndAmount Dt?:ISODate SeqNb?:Number Rcrd*:TaxRecord2
TaxInformation8 sequence Cdtr?:TaxParty1 Dbtr?:TaxParty2 AdmstnZone?:Max35Text RefNb?:Max140Text Mtd?:Max35Text TtlTaxblBaseAmt?:ActiveOrHistoricCurrencyAndAmount TtlTaxAmt?:ActiveOrHistoricCurrencyAndAmount Dt?:ISODate SeqNb?:Number Rcrd*:TaxRecord2
TaxPeriod2 sequence Yr?:ISODate Tp?:TaxRecordPeriod1Code FrToDt?:DatePeriod2
TaxRecord2 sequence Tp?:Max35Text Ctgy?:Max35Text CtgyDtls?:Max35Text DbtrSts?:Max35Text CertId?:Max35Text FrmsCd?:Max35Text Prd?:TaxPeriod2 TaxAmt?:TaxAmount2 AddtlInf?:Max140Text
TaxRecordDetails2 sequence Prd?:TaxPeriod2 Amt:ActiveOrHistoricCurrencyAndAmount
TechnicalInputChannel1Choice choice Cd:ExternalTechnicalInputChannel1Code Prtry:Max35Text
TotalTransactions6 sequence TtlNtries?:NumberAndSumOfTransactions4 TtlCdtNtries?:NumberAndSumOfTransactions1 TtlDbtNtries?:NumberAndSumOfTransactions1 TtlNtriesPerBkTxCd*:TotalsPerBankTransactionCode5
TotalsPerBankTransactionCode5 sequence NbOfNtries?:Max15NumericText Sum?:DecimalNumber TtlNetNtry?:AmountAndDirection35 CdtNtries?:NumberAndSumOfTransactions1 DbtNtries?:NumberAndSumOfTransactions1 FcstInd?:TrueFalseIndicator BkTxCd:BankTransactionCodeStructure4 Avlbty*:CashAvailability1 Dt?:DateAndDateTime2Choice
TrackData1 sequence TrckNb?:Exact1NumericText TrckVal:Max140Text
TransactionAgents5 sequence InstgAgt?:BranchAndFinancialInstitutionIdentification6 InstdAgt?:BranchAndFinancialInstitutionIdentification6 DbtrAgt?:BranchAndFinancialInstitutionIdentification6 CdtrAgt?:BranchAndFinancialInstitutionIdentification6 IntrmyAgt1?:BranchAndFinancialInstitutionIdentification6 IntrmyAgt2?:BranchAndFinancialInstitutionIdentification6 IntrmyAgt3?:BranchAndFinancialInstitutionIdentification6 RcvgAgt?:BranchAndFinancialInstitutionIdentification6 DlvrgAgt?:BranchAndFinancialInstitutionIdentification6 IssgAgt?:BranchAndFinancialInstitutionIdentification6 SttlmPlc?:BranchAndFinancialInstitutionIdentification6 Prtry*:ProprietaryAgent4
TransactionChannel1Code enumeration MAIL TLPH ECOM TVPY
TransactionDates3 sequence AccptncDtTm?:ISODateTime TradActvtyCtrctlSttlmDt?:ISODate TradDt?:ISODate IntrBkSttlmDt?:ISODate StartDt?:ISODate EndDt?:ISODate TxDtTm?:ISODateTime Prtry*:ProprietaryDate3
TransactionEnvironment1Code enumeration MERC PRIV PUBL
TransactionIdentifier1 sequence TxDtTm:ISODateTime TxRef:Max35Text
TransactionInterest4 sequence TtlIntrstAndTaxAmt?:ActiveOrHistoricCurrencyAndAmount Rcrd*:InterestRecord2
TransactionParties6 sequence InitgPty?:Party40Choice Dbtr?:Party40Choice DbtrAcct?:CashAccount38 UltmtDbtr?:Party40Choice Cdtr?:Party40Choice CdtrAcct?:CashAccount38 UltmtCdtr?:Party40Choice TradgPty?:Party40Choice Prtry*:ProprietaryParty5
TransactionPrice4Choice choice DealPric:Price7 Prtry+:ProprietaryPrice2
TransactionQuantities3Choice choice Qty:FinancialInstrumentQuantity1Choice OrgnlAndCurFaceAmt:OriginalAndCurrentQuantities1 Prtry:ProprietaryQuantity1
TransactionReferences6 sequence MsgId?:Max35Text AcctSvcrRef?:Max35Text PmtInfId?:Max35Text InstrId?:Max35Text EndToEndId?:Max35Text UETR?:UUIDv4Identifier TxId?:Max35Text MndtId?:Max35Text ChqNb?:Max35Text ClrSysRef?:Max35Text AcctOwnrTxId?:Max35Text AcctSvcrTxId?:Max35Text MktInfrstrctrTxId?:Max35Text PrcgId?:Max35Text Prtry*:ProprietaryReference1
UnitOfMeasure1Code enumeration PIEC TONS FOOT GBGA USGA GRAM INCH KILO PUND METR CMET MMET LITR CELI MILI GBOU USOU GBQA USQA GBPI USPI MILE KMET YARD SQKI HECT ARES SMET SCMT SMIL SQMI SQYA SQFO SQIN ACRE
UserInterface2Code enumeration MDSP CDSP
YesNoIndicator boolean
YieldedOrValueType1Choice choice Yldd:YesNoIndicator ValTp:PriceValueType1Code
`;

/** Types of camt.053.001.08 alone. */
export const camt053Types = String.raw`
AccountStatement9 sequence Id:Max35Text StmtPgntn?:Pagination1 ElctrncSeqNb?:Number RptgSeq?:SequenceRange1Choice LglSeqNb?:Number CreDtTm?:ISODateTime FrToDt?:DateTimePeriod1 CpyDplctInd?:CopyDuplicate1Code RptgSrc?:ReportingSource1Choice Acct:CashAccount39 RltdAcct?:CashAccount38 Intrst*:AccountInterest4 Bal+:CashBalance8 TxsSummry?:TotalTransactions6 Ntry*:ReportEntry10 AddtlStmtInf?:Max500Text
BalanceSubType1Choice choice Cd:ExternalBalanceSubType1Code Prtry:Max35Text
BalanceType10Choice choice Cd:ExternalBalanceType1Code Prtry:Max35Text
BalanceType13 sequence CdOrPrtry:BalanceType10Choice SubTp?:BalanceSubType1Choice
BankToCustomerStatementV08 sequence GrpHdr:GroupHeader81 Stmt+:AccountStatement9 SplmtryData*:SupplementaryData1
CashBalance8 sequence Tp:BalanceType13 CdtLine*:CreditLine3 Amt:ActiveOrHistoricCurrencyAndAmount CdtDbtInd:CreditDebitCode Dt:DateAndDateTime2Choice Avlbty*:CashAvailability1
CreditLine3 sequence Incl:TrueFalseIndicator Tp?:CreditLineType1Choice Amt?:ActiveOrHistoricCurrencyAndAmount Dt?:DateAndDateTime2Choice
CreditLineType1Choice choice Cd:ExternalCreditLineType1Code Prtry:Max35Text
Document sequence BkToCstmrStmt:BankToCustomerStatementV08
ExternalBalanceSubType1Code length 1 4
ExternalBalanceType1Code length 1 4
ExternalCreditLineType1Code length 1 4
`;

/** Types of camt.054.001.08 alone. */
export const camt054Types = String.raw`
AccountNotification17 sequence Id:Max35Text NtfctnPgntn?:Pagination1 ElctrncSeqNb?:Number RptgSeq?:SequenceRange1Choice LglSeqNb?:Number CreDtTm?:ISODateTime FrToDt?:DateTimePeriod1 CpyDplctInd?:CopyDuplicate1Code RptgSrc?:ReportingSource1Choice Acct:CashAccount39 RltdAcct?:CashAccount38 Intrst*:AccountInterest4 TxsSummry?:TotalTransactions6 Ntry*:ReportEntry10 AddtlNtfctnInf?:Max500Text
BankToCustomerDebitCreditNotificationV08 sequence GrpHdr:GroupHeader81 Ntfctn+:AccountNotification17 SplmtryData*:SupplementaryData1
Document sequence BkToCstmrDbtCdtNtfctn:BankToCustomerDebitCreditNotificationV08
`;
